// The historical cache as a variant: it runs only where it is named.
#pragma once

#include "checks/subject/variants.h"

namespace triecheck::historical {

/// What --cache takes.
inline constexpr const char* cache_name = "historical";

/// The cache without a switch, over the production layer.
const checks::variant& as_variant();

}  // namespace triecheck::historical
