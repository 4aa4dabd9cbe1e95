// One cache, used by a program and the shared libraries that it is linked with or opens: each may hold the production
// layer once more. Every variant, made by every part in turn, under load from all of them.
//   program REQUESTS                 the program is linked with libraries (LINKED lists them)
//   program REQUESTS FOLDER NAME...  opens FOLDER/libNAME.so, each with separate symbols, and closes them
// Prints one line for each thing that is wrong; the exit status is 1 then.
#include <dlfcn.h>

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "checks/stress/libraries/library.h"

using triecheck::checks::library;
using triecheck::checks::variant_count;

extern "C" const library* program_part();
#ifdef LINKED
#define LIBRARY(name) extern "C" const library* name();
LINKED
#undef LIBRARY
#endif

namespace {

int failures = 0;

void fail(const std::string& text) {
  std::printf("%s\n", text.c_str());
  failures = 1;
}

/// A library that was opened. Closed once, or never.
struct opened {
  std::string path;
  void* handle;
  const library* part;
};

opened open_library(const std::string& folder, const std::string& name) {
  const std::string path = folder + "/lib" + name + ".so";
  void* handle = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (handle == nullptr) {
    std::printf("%s\n", dlerror());
    std::exit(2);
  }
  return {path, handle, reinterpret_cast<const library* (*)()>(dlsym(handle, name.c_str()))()};
}

/// Begins when all threads are there, so that they meet.
class together {
 public:
  explicit together(std::size_t threads) : missing_(threads) {}
  void wait() {
    --missing_;
    while (missing_ != 0) std::this_thread::yield();
  }

 private:
  std::atomic<std::size_t> missing_;
};

template <class Body>
void in_threads(std::size_t count, Body body) {
  std::vector<std::thread> threads;
  for (std::size_t i = 0; i < count; ++i) threads.emplace_back([&body, i] { body(i); });
  for (std::thread& t : threads) t.join();
}

// Each thread goes through one part, then through the next one: it has two that number threads.
void load(const std::vector<const library*>& parts, std::size_t variant, const library& maker, std::size_t requests) {
  void* cache = maker.make(variant);
  together begin(parts.size());
  std::atomic<std::size_t> wrong{0};
  in_threads(parts.size(), [&](std::size_t i) {
    begin.wait();
    wrong += parts[i]->work(variant, cache, static_cast<unsigned>(i + 1), requests);
    wrong += parts[(i + 1) % parts.size()]->work(variant, cache, static_cast<unsigned>(i + 1), requests / 8);
  });
  const std::string what = "variant " + std::to_string(variant) + ", made by " + maker.name + ": ";
  if (wrong != 0) fail(what + std::to_string(wrong) + " wrong answers");
  if (const char* problem = maker.problem(variant, cache, parts.size() * (requests + requests / 8)))
    fail(what + problem);
  maker.destroy(variant, cache);
}

// All parts give a thread one index, and different threads different ones.
void compare_indices(const std::vector<const library*>& parts, const library& maker) {
  void* indices = maker.make_indices();
  constexpr std::size_t threads = 8;
  together asked(threads);
  std::vector<std::set<std::size_t>> answers(threads);
  in_threads(threads, [&](std::size_t i) {
    for (const library* part : parts) answers[i].insert(part->own_index(indices));
    asked.wait();
  });
  maker.destroy_indices(indices);
  std::set<std::size_t> all;
  for (const auto& of_thread : answers) {
    if (of_thread.size() != 1) fail(std::string("one thread has several indices, made by ") + maker.name);
    all.insert(of_thread.begin(), of_thread.end());
  }
  if (all.size() != threads) fail(std::string("threads share an index, made by ") + maker.name);
}

// A thread that outlives a cache and the library that made it: what it remembers must not be gone.
void close_the_makers(std::vector<opened>& libraries, const library& user) {
  for (opened& l : libraries) {
    for (std::size_t variant = 0; variant < variant_count; ++variant) {
      std::atomic<int> step{0};
      void* cache = l.part->make(variant);
      std::thread survivor([&] {
        if (user.work(variant, cache, 1, 100) != 0) fail("wrong answers");
        step = 1;
        while (step != 2) std::this_thread::yield();
      });
      while (step != 1) std::this_thread::yield();
      l.part->destroy(variant, cache);
      const std::string name = l.part->name;
      dlclose(l.handle);
      // A compiler may keep a library whose symbols are visible; one whose symbols are hidden has to go.
      void* still = dlopen(l.path.c_str(), RTLD_NOW | RTLD_LOCAL | RTLD_NOLOAD);
      if (still != nullptr) dlclose(still);
      if (still != nullptr && name.find("hidden") != std::string::npos)
        fail(name + " was not closed, so nothing was tried");
      step = 2;
      survivor.join();
      l = open_library(l.path.substr(0, l.path.rfind('/')), name);
    }
  }
}

}  // namespace

int main(int argc, char** argv) {
  const std::size_t requests = static_cast<std::size_t>(std::atoi(argc > 1 ? argv[1] : "1000"));
  std::vector<const library*> parts{program_part()};
  std::vector<opened> libraries;
#ifdef LINKED
#define LIBRARY(name) parts.push_back(name());
  LINKED
#undef LIBRARY
#endif
  // First, as a library whose thread indices the main thread used stays open until that ends.
  for (int i = 3; i < argc; ++i) libraries.push_back(open_library(argv[2], argv[i]));
  close_the_makers(libraries, *parts.front());
  for (const opened& l : libraries) parts.push_back(l.part);
  if (parts.size() < 2) {
    std::printf("no library: nothing was tried\n");
    return 2;
  }
  for (const library* maker : parts) {
    compare_indices(parts, *maker);
    for (std::size_t variant = 0; variant < variant_count; ++variant) load(parts, variant, *maker, requests);
  }
  if (failures == 0) std::printf("%zu parts, %zu variants: one cache each\n", parts.size(), variant_count);
  return failures;
}
