// Names that say which version they are of, and names that do not.
namespace triecheck {  // caught by versions
}
namespace triecheck::orders {  // caught by versions
}
namespace triecheck::inline v0_0 {  // caught by versions
}
namespace triecheck::inline v0_1::orders {
namespace hashing {}
}
namespace triecheck::inline v0_1 {
}
