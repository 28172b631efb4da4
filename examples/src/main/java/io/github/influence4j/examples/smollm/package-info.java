/**
 * The study {@code smollm}: a real small language model is fine-tuned on passages with planted facts, is asked for them, and its
 * answers are traced back; what each method finds is removed, and the model is fine-tuned again.
 */
@NullMarked
package io.github.influence4j.examples.smollm;

import org.jspecify.annotations.NullMarked;
