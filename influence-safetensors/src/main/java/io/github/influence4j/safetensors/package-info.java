/**
 * Safetensors files: a reader that trusts nothing it reads and takes no more memory than it is asked for, and a writer whose
 * files are there whole or not at all.
 */
@NullMarked
package io.github.influence4j.safetensors;

import org.jspecify.annotations.NullMarked;
