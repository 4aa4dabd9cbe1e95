// Violations on purpose: the style test must report the lines that say so, and no other.
#pragma once

#include <atomic>  // caught by primitives
#include <mutex>  // caught by primitives
#include <thread>  // caught by primitives
#include <shared_mutex>  // caught by primitives
#include <chrono>  // caught by primitives
#include <condition_variable>  // caught by primitives
#include <semaphore>  // caught by primitives
#include <barrier>  // caught by primitives
#include <latch>  // caught by primitives
# include <stop_token>  // caught by primitives
#include <pthread.h>  // caught by primitives
#include <vector>
#include "sync.h"

// In a comment std::atomic, std::mutex and volatile are only words.
/* So are std::thread
   and std::jthread over two lines, */ int after_a_comment;
/* even before */ std::thread behind_a_comment;  // caught by primitives
std::atomic<int> a;  // caught by primitives
std::atomic_flag b;  // caught by primitives
std::mutex c;  // caught by primitives
std::shared_mutex d;  // caught by primitives
std::jthread e;  // caught by primitives
std::condition_variable f;  // caught by primitives
std::this_thread::yield();  // caught by primitives
auto g = std::chrono::steady_clock::now();  // caught by primitives
auto h = std::memory_order_acquire;  // caught by primitives
volatile int i;  // caught by primitives
thread_local int j;  // caught by primitives
int k = __atomic_load_n(&l, 0);  // caught by primitives
int m = __sync_fetch_and_add(&l, 1);  // caught by primitives
pthread_mutex_t n;  // caught by primitives
std::shared_ptr<int> o;  // caught by primitives
int p = 1'000'000;  // std::mutex behind a separated number is a word too
const char* q = "// not a comment"; std::mutex r;  // caught by primitives
typename Sync::template atomic<int> s;
typename Sync::mutex t;
int volatile_pages, my_thread_local, time_ns;
