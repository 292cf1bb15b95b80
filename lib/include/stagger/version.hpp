#pragma once

// The version of these headers, for #if. Semantic versioning: while the major number is 0, a new minor number
// may break programs.

#define STAGGER_VERSION_MAJOR 0
#define STAGGER_VERSION_MINOR 1
#define STAGGER_VERSION_PATCH 0
/// One number to compare: 10000 * major + 100 * minor + patch.
#define STAGGER_VERSION (10000 * STAGGER_VERSION_MAJOR + 100 * STAGGER_VERSION_MINOR + STAGGER_VERSION_PATCH)
