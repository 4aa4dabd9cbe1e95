// Names of strategies in text: compared, and not.
#include <string>

// A comment may say strategy == "walks".
bool covers_everything(const std::string& strategy) { return strategy == "walks"; }        // caught by strategies
bool is_a_sample(const std::string& strategy) { return "draws-some" == strategy; }         // caught by strategies
bool is_bounded(const char* strategy) { return strategy != std::string("walks"); }         // caught by strategies
bool begins_alike(const std::string& strategy) { return strategy.starts_with("walks"); }   // caught by strategies
bool is_another_word(const std::string& word) { return word == "walk" || word == "draws"; }
std::string by_default() { return "walks"; }
