// What a shared library of roomwire shows to the programs that link it; everything else in it is
// hidden.
#pragma once

#if defined(__GNUC__)
#define ROOMWIRE_EXPORT __attribute__((visibility("default")))
#else
#define ROOMWIRE_EXPORT
#endif
