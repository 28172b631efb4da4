/**
 * Decoder language models as hosts: one implementation for the families that are published (Llama, Mistral, Qwen 2 and 3, OLMo
 * 2, GPT-2, GPT-NeoX) and for the small one on which the paper's studies are repeated, with its training and checkpoints.
 *
 * <p>A sequence of T tokens makes T − 1 predictions. The <em>rows</em> of a batch are the positions of all its sequences, one
 * sequence after the other and without padding; projections and MLPs are one product over all rows, attention is one product
 * for each head of each sequence. Elementwise work goes through plain arrays in blocks of rows that fit into a core's
 * cache, several blocks at a time.
 */
@NullMarked
package io.github.influence4j.decoder;

import org.jspecify.annotations.NullMarked;
