// What the server is monitored by, beside its cache: a table as that of cache/monitoring/metric_table.h.
//
// Threads: constants.
#pragma once

#include <cstdint>

#include "cache/monitoring/metric_table.h"
#include "checks/server/engine.h"

namespace triecheck::server {

namespace metric_parts {

template <std::uint64_t engine_counts::*Field>
void count(const engine_counts& c, metric_sink& to) {
  to.value(static_cast<double>(c.*Field));
}
template <std::size_t engine_counts::*Field>
void now(const engine_counts& c, metric_sink& to) {
  to.value(static_cast<double>(c.*Field));
}

}  // namespace metric_parts

// clang-format off
inline constexpr metric<engine_counts> server_metrics[] = {
    {"triecheck_server_requests_total", "Requests that were taken into the queue.", "", metric_kind::counter, {},
     metric_parts::count<&engine_counts::requests>},
    {"triecheck_server_refused_requests_total", "Requests that were answered 429, as the queue was full.", "",
     metric_kind::counter, {}, metric_parts::count<&engine_counts::refused_requests>},
    {"triecheck_server_prompt_tokens_total", "Tokens of prompts, at their first admission.", "tokens",
     metric_kind::counter, {}, metric_parts::count<&engine_counts::prompt_tokens>},
    {"triecheck_server_hit_tokens_total", "Tokens of prompts that were cached at their first admission.", "tokens",
     metric_kind::counter, {}, metric_parts::count<&engine_counts::hit_tokens>},
    {"triecheck_server_produced_tokens_total", "Tokens of answers.", "tokens", metric_kind::counter, {},
     metric_parts::count<&engine_counts::produced_tokens>},
    {"triecheck_server_preemptions_total", "Sequences that gave their pages back to begin again later.", "",
     metric_kind::counter, {}, metric_parts::count<&engine_counts::preemptions>},
    {"triecheck_server_refused_forks_total", "Choices that computed the prompt again, as a fork was refused.", "",
     metric_kind::counter, {}, metric_parts::count<&engine_counts::refused_forks>},
    {"triecheck_server_waiting_sequences", "Sequences that wait to be admitted.", "sequences", metric_kind::gauge, {},
     metric_parts::now<&engine_counts::waiting>},
    {"triecheck_server_running_sequences", "Sequences that run.", "sequences", metric_kind::gauge, {},
     metric_parts::now<&engine_counts::running>},
};
// clang-format on

}  // namespace triecheck::server
