#include "checks/litmus/catalogue.h"

#include <algorithm>
#include <stdexcept>

namespace triecheck::litmus {
namespace {

constexpr auto too_many = std::nullopt;

struct figures {
  const char* name;
  std::uint64_t executions;
  std::optional<std::uint64_t> unreduced;
  std::optional<std::uint64_t> relacy_full;
  outcomes ends;
  outcomes missed_by_relacy = {};
};

/// In the order of the catalogue. Of the programs that GenMC v0.11.0 (RC11) ran as well, it runs as many executions,
/// but for store_buffering (4: either load can be the one that is late, which is one graph there), the one with fences
/// (3: fences are in one order here) and three_threads_try_one_mutex (6: no try_lock fails there).
const std::vector<figures>& measured() {
  static const std::vector<figures> all = {
      {"add_4_times_to_one_variable", 70, 70, 252, {}},
      {"add_4_times_to_two_variables", 1, 70, 252, {}},
      {"store_buffering", 5, 20, 64, {"00", "01", "10", "11"}},
      {"store_buffering_with_fences", 4, 38, 130, {"01", "10", "11"}},
      {"message_passing", 3, 12, 40, {"00", "01", "11"}},
      {"message_passing_without_release", 4, 13, 44, {"00", "01", "10", "11"}},
      {"message_passing_without_acquire", 4, 13, 44, {"00", "01", "10", "11"}},
      {"load_buffering", 3, 8, 28, {"00", "01", "10"}},
      {"a_failed_exchange_sees_an_older_value", 4, 11, 36, {"010", "011", "100", "101"}},
      {"lock_one_mutex_3_times", 20, 20, 1'874, {}},
      {"two_mutexes_in_one_order", 2, 2, 36, {}},
      {"wait_for_an_item", 2, 2, 33, {"goes goes", "waits goes"}},

      {"three_threads_add_twice_to_one_variable", 90, 90, 1'680, {}},
      {"three_threads_count_apart", 1, 90, 1'680, {}},
      {"three_threads_count_apart_then_together", 6, 1'680, 34'650, {"024", "042", "204", "240", "402", "420"}},
      {"write_to_read_causality", 7, 79, 1'422, {"000", "001", "010", "011", "100", "101", "111"}},
      {"message_passing_through_a_third_thread", 7, 224, 4'340, {"000", "001", "010", "011", "100", "101", "111"}},
      {"message_passing_to_two_readers",
       9,
       370,
       6'956,
       {"0000", "0001", "0011", "0100", "0101", "0111", "1100", "1101", "1111"}},
      {"two_writers_and_a_reader_of_one_variable", 12, 30, 498, {"00", "01", "02", "11", "12", "21", "22"}},
      {"three_threads_of_loads_and_stores", 20, 442, 7'934, {"0000", "0001", "0010", "0011", "0021", "0100", "0101",
                                                             "0110", "0111", "0131", "1000", "1001", "1010", "1011",
                                                             "1021", "1100", "1101", "1110", "1111", "1131"}},
      {"three_owners_drop_a_counted_object", 6, 6, 90, {"6"}},
      {"three_pushes_onto_a_stack", 48, 552, 11'160, {"123", "132", "213", "231", "312", "321"}},
      {"a_release_sequence_through_another_thread", 6, 10, 150, {"0", "1"}},
      {"three_threads_lock_one_mutex_twice", 90, 90, 279'810, {}},
      {"three_threads_lock_two_of_three_mutexes", 7, 13'386, 813'786, {}},
      {"three_philosophers_in_one_order", 6, 142, 46'194, {}},
      {"three_threads_walk_hand_over_hand", 6, 654, too_many, {}},
      {"three_readers_of_a_shared_mutex", 1, 90, 1'680, {}},
      {"two_readers_and_a_writer_of_a_shared_mutex", 4, 14, 936, {}},
      {"three_threads_on_a_two_page_pool", 66, 14'046, too_many, {}},
      {"three_threads_try_one_mutex", 30, 90, 1'680, {"0", "1", "2"}},
      {"three_threads_make_an_object_once", 15, 702, 304'380, {"1"}},
      {"a_producer_and_two_consumers", 12, 12, 4'056, {"00", "01", "10", "11"}},
      {"wait_beside_a_third_thread",
       12,
       199,
       13'661,
       {"goes 01 23", "goes 02 13", "goes 03 12", "goes 12 03", "goes 13 02", "goes 23 01", "waits 01 23",
        "waits 02 13", "waits 03 12", "waits 12 03", "waits 13 02", "waits 23 01"},
       {"waits 12 03"}},
      {"two_threads_wait_for_one_notification_each",
       30,
       30,
       175'384,
       {"goes goes", "goes waits", "waits goes", "waits waits"}},
      {"two_threads_wait_for_a_notification_of_all",
       10,
       10,
       15'012,
       {"goes goes", "goes waits", "waits goes", "waits waits"}},

      {"two_threads_take_a_spin_lock", 6, 10, too_many, {"010", "100"}},
      {"two_threads_take_a_spin_lock_that_never_yields", 6, 6, too_many, {"010", "100"}},
      {"two_threads_take_a_lock_that_looks_first", 200, 1'158, too_many, {"010", "100"}},
      {"two_threads_take_a_ticket_lock", 6, 120, too_many, {"010", "100"}},
      {"two_threads_try_a_mutex_until_they_have_it", 6, 10, too_many, {"010", "100"}},
      {"two_threads_shake_hands", 9, 191, too_many, {"100"}},
      {"a_load_that_spins_sees_a_relaxed_store", 6, 108, too_many, {"000", "100"}},
      {"two_words_are_awaited_at_once", 10, 2'195, too_many, {"010", "100", "110"}},
      {"petersons_lock", 24, 4'386, too_many, {"010", "100"}},
      {"a_thread_gives_up_after_five_attempts", 7, 22, too_many, {"010", "020"}},
      {"three_threads_try_a_mutex_until_they_have_it",
       141,
       3'678,
       too_many,
       {"012", "021", "102", "120", "201", "210"}},
      {"three_threads_take_a_spin_lock", 141, 3'678, too_many, {"012", "021", "102", "120", "201", "210"}},
      {"two_threads_poll_under_a_mutex_for_what_a_third_puts", 38, 10'802, too_many, {"000"}},
      {"one_thread_polls_under_a_spin_lock_for_what_another_puts", 78, 3'644, too_many, {"000"}},

      {"independent_reads_of_independent_writes",
       15,
       180,
       25'200,
       {"0000", "0001", "0010", "0011", "0100", "0101", "0110", "0111", "1000", "1001", "1011", "1100", "1101", "1110",
        "1111"}},

      // As many as GenMC v0.11.0 runs (see programs_of_structures.cpp), but for the stacks and the bucket with a find:
      // GenMC ran 76, 30,580, 86,736 and 99 of programs of these names, whose text is another one.
      {"treiber_2_threads_1_round", 40, 342, 1'256, {"000012"}},
      {"treiber_2_threads_2_rounds", 6'372, too_many, too_many, {"001234"}},
      {"treiber_3_threads_1_round", 25'680, too_many, too_many, {"000123"}},
      {"bucket_insert_beside_insert", 4, 22, 80, {"12", "21"}},
      {"bucket_insert_remove_beside_insert_find", 47, too_many, too_many, {"2", "2 found"}},
      {"bucket_insert_remove_twice", 266, too_many, too_many, {""}},
      {"bucket_three_threads", 301, too_many, too_many, {"2", "2 found"}},
      {"ticket_2_threads_2_looks", 6, 38, 138, {"1", "2"}},
      {"ticket_3_threads_2_looks", 90, 8'754, 201'804, {"1", "2", "3"}},
      {"ticket_3_threads_3_looks", 204, 74'766, too_many, {"1", "2", "3"}},
      {"spin_3_threads_2_looks", 468, 23'760, too_many, {"1", "2", "3"}},
      {"spin_3_threads_3_looks", 1'236, 235'614, too_many, {"1", "2", "3"}},
      {"seqlock_1_write_1_reader", 16, 554, 1'975, {"-", "0", "1"}},
      {"seqlock_2_writes_1_reader", 148, 143'230, too_many, {"-", "0", "1", "2"}},
      {"seqlock_1_write_2_readers", 121, too_many, too_many, {"--", "-0", "-1", "0-", "00", "01", "1-", "10", "11"}},
      {"queue_2_puts_2_takes", 4, 3'729, 15'332, {"00", "01", "10", "12"}},
      {"queue_2_producers_1_consumer", 30, too_many, too_many, {"00", "01", "02", "10", "12", "20", "21"}},
      {"queue_2_producers_2_consumers", 118, too_many, too_many, {"00", "01", "02", "10", "12", "20", "21"}},
  };
  return all;
}

struct wrong {
  const char* name;
  const char* violation;
};

constexpr wrong violating[] = {
    {"check_then_act", "invariant"},
    {"a_release_sequence_ended_by_a_store_of_its_thread", "data-race"},
    {"one_side_forgets_the_mutex", "data-race"},
    {"two_mutexes_in_opposite_orders", "deadlock"},
    {"three_philosophers_in_a_circle", "deadlock"},
    {"a_notification_of_one_where_two_wait", "deadlock"},
    {"a_spin_lock_that_is_unlocked_relaxed", "data-race"},
    {"two_spin_locks_in_opposite_orders", "livelock"},
    {"two_tried_mutexes_in_opposite_orders", "livelock"},
    {"petersons_lock_with_release_and_acquire", "data-race"},
    {"two_threads_wait_for_each_other", "livelock"},
    {"a_wake_up_is_lost", "livelock"},
    {"two_threads_poll_for_what_nobody_puts", "livelock"},
    {"two_threads_poll_under_a_spin_lock_for_what_nobody_puts", "livelock"},
    {"two_threads_give_way_for_ever", "livelock"},
    {"two_threads_undo_each_others_exchange", "livelock"},
    {"a_thread_spins_on_what_a_blocked_one_would_do", "livelock"},
};

/// Moves the program called `name` out of `from`.
known_program take(std::vector<known_program>& from, const std::string& name) {
  const auto found = std::find_if(from.begin(), from.end(), [&](const known_program& p) { return p.name == name; });
  if (found == from.end()) throw std::logic_error("the catalogue lacks the program " + name);
  known_program taken = std::move(*found);
  from.erase(found);
  return taken;
}

std::vector<known_program> assemble() {
  std::vector<known_program> described;
  for (const auto& part :
       {programs_of_atomics, programs_of_mutexes, programs_that_wait, programs_that_spin, programs_of_structures}) {
    for (known_program& p : part()) described.push_back(std::move(p));
  }
  std::vector<known_program> all;
  for (const figures& f : measured()) {
    known_program p = take(described, f.name);
    p.executions = f.executions;
    p.unreduced = f.unreduced;
    p.relacy_full = f.relacy_full;
    p.ends = f.ends;
    p.missed_by_relacy = f.missed_by_relacy;
    all.push_back(std::move(p));
  }
  for (const wrong& w : violating) {
    known_program p = take(described, w.name);
    p.violation = w.violation;
    all.push_back(std::move(p));
  }
  if (!described.empty()) throw std::logic_error("nothing is known of the program " + described.front().name);
  return all;
}

}  // namespace

const std::vector<known_program>& catalogue() {
  static const std::vector<known_program> all = assemble();
  return all;
}

const known_program* find_program(const std::string& name) {
  const auto& all = catalogue();
  const auto found = std::find_if(all.begin(), all.end(), [&](const known_program& p) { return p.name == name; });
  return found == all.end() ? nullptr : &*found;
}

}  // namespace triecheck::litmus
