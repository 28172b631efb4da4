package io.github.influence4j.djl;

import ai.djl.nn.Block;
import ai.djl.nn.BlockList;
import java.lang.reflect.Constructor;
import java.lang.reflect.Field;
import java.lang.reflect.Modifier;
import java.util.ArrayList;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;

/**
 * A copy of a tree of blocks in which some are replaced by others; the tree itself is not touched.
 *
 * <p>DJL has no hooks and no copies: a block calls its children through its own fields. Blocks that hold others, in the list of
 * children that every block has or in fields of the block's class, are copied field by field without their constructors, and
 * share everything but these places with the originals, parameters included. A child that is reached in another way keeps
 * running unprobed; the provider's check of itself finds that out.
 */
final class BlockCopy {

    private final Map<Block, Block> copies;

    private BlockCopy(Map<Block, Block> replacements) {
        this.copies = new IdentityHashMap<>(replacements);
    }

    /** Copies a tree. */
    static Block of(Block root, Map<Block, Block> replacements) {
        return new BlockCopy(replacements).copy(root);
    }

    private Block copy(Block original) {
        Block known = copies.get(original);
        if (known != null) {
            return known;
        }
        List<Field> fields = fields(original);
        if (fields.stream().noneMatch(field -> holdsBlocks(read(field, original)))) {
            copies.put(original, original);
            return original;
        }
        Block copy = instance(original);
        copies.put(original, copy); // before its fields are looked at, which may lead back to it
        for (Field field : fields) {
            write(field, copy, value(read(field, original)));
        }
        return copy;
    }

    private static List<Field> fields(Block block) {
        List<Field> fields = new ArrayList<>();
        for (Class<?> type = block.getClass(); type != null && type != Object.class; type = type.getSuperclass()) {
            for (Field field : type.getDeclaredFields()) {
                if (!Modifier.isStatic(field.getModifiers())) {
                    try {
                        field.setAccessible(true);
                    } catch (RuntimeException e) {
                        throw new IllegalStateException("cannot look into field " + field, e);
                    }
                    fields.add(field);
                }
            }
        }
        return fields;
    }

    private static boolean holdsBlocks(Object value) {
        if (value instanceof BlockList list) {
            return !list.isEmpty();
        }
        if (value instanceof List<?> list) {
            return list.stream().anyMatch(Block.class::isInstance);
        }
        return value instanceof Block || value instanceof Block[];
    }

    /** What a copy holds where the original holds a value. */
    private Object value(Object original) {
        if (!holdsBlocks(original)) {
            return original;
        }
        if (original instanceof BlockList list) {
            BlockList copy = new BlockList();
            list.forEach(child -> copy.add(child.getKey(), copy(child.getValue())));
            return copy;
        }
        if (original instanceof List<?> list) {
            List<Object> copy = new ArrayList<>(list);
            copy.replaceAll(element -> element instanceof Block block ? copy(block) : element);
            return copy;
        }
        if (original instanceof Block[] array) {
            Block[] copy = array.clone();
            for (int k = 0; k < copy.length; k++) {
                copy[k] = copy(copy[k]);
            }
            return copy;
        }
        return copy((Block) original);
    }

    /** What a field holds; a place of its own for null, which copies as null. */
    private static Object read(Field field, Block block) {
        try {
            Object value = field.get(block);
            return value == null ? Nothing.HERE : value;
        } catch (IllegalAccessException e) {
            throw new IllegalStateException("cannot look into field " + field, e);
        }
    }

    private static void write(Field field, Block copy, Object value) {
        try {
            if (value != Nothing.HERE) {
                field.set(copy, value);
            }
        } catch (IllegalAccessException | IllegalArgumentException e) {
            throw new IllegalStateException(
                    "cannot put a probe into field " + field
                            + " of a copy of the model; exclude the blocks that it holds",
                    e);
        }
    }

    private enum Nothing {
        HERE
    }

    /**
     * Makes an object of a block's class without running its constructors, as reading a serialised object does. Only by
     * reflection, because the compiler warns of the class, which is outside Java's modules.
     */
    private static Block instance(Block original) {
        try {
            Class<?> factory = Class.forName("sun.reflect.ReflectionFactory");
            Constructor<?> constructor =
                    (Constructor<?>) factory.getMethod("newConstructorForSerialization", Class.class, Constructor.class)
                            .invoke(
                                    factory.getMethod("getReflectionFactory").invoke(null),
                                    original.getClass(),
                                    Object.class.getDeclaredConstructor());
            return (Block) constructor.newInstance();
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException("cannot copy a block of " + original.getClass(), e);
        }
    }
}
