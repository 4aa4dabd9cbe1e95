// The Relacy headers that the explorer needs, and nothing that leaks from them.
//
// relacy.hpp itself is never included: it defines new, delete, malloc and assert as macros. The single headers define
// one macro that could reach other text, `$`, which goes at once.
#pragma once

#include "checks/explore/relacy/platform.h"

#include "checks/explore/relacy/memory.h"

#include <relacy/context.hpp>
#include <relacy/context_base_impl.hpp>

#include <relacy/atomic.hpp>
#include <relacy/atomic_fence.hpp>
#include <relacy/backoff.hpp>
#include <relacy/var.hpp>

#include <relacy/stdlib/semaphore.hpp>

#include <relacy/stdlib/condition_variable.hpp>
#include <relacy/stdlib/event.hpp>
#include <relacy/stdlib/mutex.hpp>

#undef $
