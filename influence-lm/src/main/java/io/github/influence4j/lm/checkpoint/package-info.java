/** Checkpoints of language models in folders as they are downloaded. */
@NullMarked
package io.github.influence4j.lm.checkpoint;

import org.jspecify.annotations.NullMarked;
