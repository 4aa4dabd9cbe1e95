// Litmus programs of a condition variable.
#include <array>
#include <string>

#include "checks/litmus/catalogue.h"

namespace triecheck::litmus {
namespace {

struct hand_over {
  sync::mutex m;
  sync::condition_variable changed;
  sync::var<std::uint32_t> items{0};
  word clock{0};
  std::array<std::array<std::uint32_t, 2>, 3> seen{};
  std::array<bool, 3> waited{};
};

template <unsigned Thread>
void wait_for_an_item(hand_over& s) {
  const sync::exclusive_guard<sync::mutex> hold(s.m);
  while (s.items.get() == 0) {
    s.waited[Thread] = true;
    s.changed.wait(s.m);
  }
  s.items.set(s.items.get() - 1);
}

void put_an_item(hand_over& s) {
  const sync::exclusive_guard<sync::mutex> hold(s.m);
  s.items.set(s.items.get() + 1);
  s.changed.notify_one();
}

void put_two_items(hand_over& s) {
  const sync::exclusive_guard<sync::mutex> hold(s.m);
  s.items.set(2);
  s.changed.notify_all();
}

template <unsigned Thread>
void look_at_the_clock(hand_over& s, unsigned which) {
  s.seen[Thread][which] = s.clock.fetch_add(1, relaxed);
}

std::string who_waited(hand_over& s) {
  return std::string(s.waited[0] ? "waits" : "goes") + (s.waited[1] ? " waits" : " goes");
}

/// Whether the first thread waited, and when the first and the third thread looked at the clock.
std::string times(hand_over& s) {
  std::string text = s.waited[0] ? "waits" : "goes";
  for (const auto& times_of_one : {s.seen[0], s.seen[2]}) {
    text += ' ' + std::to_string(times_of_one[0]) + std::to_string(times_of_one[1]);
  }
  return text;
}

}  // namespace

std::vector<known_program> programs_that_wait() {
  return {
      describe<hand_over>("wait_for_an_item", {wait_for_an_item<0>, put_an_item}, who_waited),
      // A thread that waits in Relacy yields: under its full search it goes on only after every other thread has run
      // once more. So where the third thread has looked once, it looks again before the first one is back.
      describe<hand_over>("wait_beside_a_third_thread",
                          {[](hand_over& s) {
                             look_at_the_clock<0>(s, 0);
                             wait_for_an_item<0>(s);
                             look_at_the_clock<0>(s, 1);
                           },
                           put_an_item,
                           [](hand_over& s) {
                             look_at_the_clock<2>(s, 0);
                             look_at_the_clock<2>(s, 1);
                           }},
                          times),
      describe<hand_over>("two_threads_wait_for_one_notification_each",
                          {wait_for_an_item<0>, wait_for_an_item<1>,
                           [](hand_over& s) {
                             put_an_item(s);
                             put_an_item(s);
                           }},
                          who_waited),
      describe<hand_over>("two_threads_wait_for_a_notification_of_all",
                          {wait_for_an_item<0>, wait_for_an_item<1>, put_two_items}, who_waited),
      describe<hand_over>("a_notification_of_one_where_two_wait", {wait_for_an_item<0>, wait_for_an_item<1>,
                                                                   [](hand_over& s) {
                                                                     const sync::exclusive_guard<sync::mutex> hold(s.m);
                                                                     s.items.set(2);
                                                                     s.changed.notify_one();
                                                                   }}),
  };
}

}  // namespace triecheck::litmus
