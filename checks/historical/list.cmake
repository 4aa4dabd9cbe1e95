# The defects of the original by number, each with the scenario that shows it when its switch is on,
# the kind of the violation, and what the switch does. Options of `explore` follow the
# description. A scenario is one of scenarios/, or of the folder of that name here.
triecheck_defect(1 tails_of_two_requests_of_one_prompt structure
  "publish does not look for a child with its block, and replaces it")
triecheck_defect(2 cascade_of_evictions_stops_below_a_pin page-ownership
  "a parent stays a candidate of evictions when it gets a child")
triecheck_defect(3 refused_allocation_beside_a_release refusal
  "an allocation pins before it takes pages, and keeps that pin where it is refused")
triecheck_defect(4 tails_of_two_requests_of_one_prompt pages-lost
  "a release frees no private page after a publication")
triecheck_defect(5 computed_part_of_a_prompt_is_published invariant
  "a publication of fewer tokens than before takes back what was published")
triecheck_defect(6 release_leaves_the_pages_of_other_requests_alone page-ownership
  "a second release frees the private pages again, and the free list does not notice")
triecheck_defect(7 lookup_against_eviction_of_the_same_leaf page-contents
  "a lookup drops the lock between its match and its pin")
triecheck_defect(8 eviction_for_one_request_is_not_spent_on_another refusal
  "an allocation evicts, and takes the pages under another lock, once")
triecheck_defect(9 tails_of_two_requests_of_one_prompt pages-lost
  "a publisher whose block is cached already drops its own page")
triecheck_defect(10 two_leases_are_forked_at_once refusal
  "a fork pins outside the lock: it loads the count and stores one more")
triecheck_defect(11 release_while_another_request_pins invariant
  "a release unpins outside the lock: it loads the count and stores one less")
triecheck_defect(12 three_releases_of_one_prefix refusal
  "the same, where two releases meet")
triecheck_defect(13 release_leaves_the_pages_of_other_requests_alone invariant
  "a release frees every page on the list of allocated pages, whose they may be")
triecheck_defect(14 same_block_below_two_parents page-contents
  "a match that finds no child goes on in the children's children")
triecheck_defect(15 memory_fails_inside_operations lease-state
  "an allocation takes pages before it asks for memory, and keeps them where there is none")
triecheck_defect(16 fork_on_a_full_pool refusal
  "a fork that gets no page goes on without")
triecheck_defect(17 partial_page_fills_up structure
  "a page filled in part becomes a node, whose key changes in place when the page fills")
triecheck_defect(18 lookup_against_eviction_of_the_same_leaf page-ownership
  "a lookup does not pin, and an allocation evicts before it pins")
triecheck_defect(19 decoding_publishes_its_next_page linearizability
  "a publication begins at the node that the lookup ended on")
triecheck_defect(20 request_that_needs_no_page_pins_what_it_reads invariant
  "an allocation that needs no page drops the pin that its release drops again")
triecheck_defect(21 followers_prefix_is_published_by_another_request linearizability
  "a publication that ends on an adopted page does not move its pin there")
triecheck_defect(22 duplicate_page_is_reused_while_its_publisher_continues invariant
  "a duplicate stays on the list of allocated pages of its lease, which the release frees")
triecheck_defect(23 tails_of_two_requests_of_one_prompt pages-lost
  "the list of duplicates is freed and reset without the lock under which it grows")
triecheck_defect(24 duplicate_is_read_after_another_release page-ownership
  "a publisher goes on with its duplicate, and any release frees it")
triecheck_defect(25 duplicate_page_is_reused_while_its_publisher_continues invariant
  "a second publication frees the duplicates of the first again")
triecheck_defect(26 release_while_another_request_pins invariant
  "a second release unpins again")
triecheck_defect(27 tails_of_two_requests_of_one_prompt pages-lost
  "a release does not free a page that is filled in part")
triecheck_defect(28 tails_of_two_requests_of_one_prompt structure
  "a page that is filled in part is published")
triecheck_defect(29 refusal_beside_a_page_that_could_fall linearizability
  "an allocation that is refused has evicted all it could")
triecheck_defect(30 page_is_recycled_for_another_prompt structure
  "an eviction frees the page of its node and unlinks the first node that ever had the page")
triecheck_defect(31 chain_is_told_from_its_end data-race
  "evict may be called by anybody and takes no lock")
triecheck_defect(32 eviction_for_one_request_is_not_spent_on_another refusal
  "an allocation counts the free pages before it has the lock")
triecheck_defect(33 beams_of_one_sequence_diverge page-ownership
  "a fork is a second name of the same lease")
