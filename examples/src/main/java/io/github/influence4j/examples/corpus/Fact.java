package io.github.influence4j.examples.corpus;

/**
 * One fact of the synthetic language, in tokens: the relation of the entity is the value.
 *
 * @param entityFirst first syllable of the entity
 * @param entitySecond second syllable of the entity
 * @param relation the relation
 * @param firstName first name of the value
 * @param lastName last name of the value
 */
public record Fact(int entityFirst, int entitySecond, int relation, int firstName, int lastName) {}
