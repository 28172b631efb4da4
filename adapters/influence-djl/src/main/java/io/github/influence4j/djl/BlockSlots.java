package io.github.influence4j.djl;

import ai.djl.nn.Block;
import ai.djl.nn.BlockList;
import java.lang.reflect.Field;
import java.lang.reflect.Modifier;
import java.util.ArrayList;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;

/**
 * Every place in a tree of blocks that holds a child, so that children can be exchanged and put back.
 *
 * <p>DJL has no hooks: a block calls its children through its own fields. These are found by reflection, in the list of
 * children that every block has and in fields of the block's class. A child that is reached in another way keeps running
 * unprobed; the provider's check of itself finds that out.
 */
final class BlockSlots {

    /** Sets one place. */
    private interface Slot {
        void set(Block block) throws IllegalAccessException;
    }

    private final Map<Block, List<Slot>> slots = new IdentityHashMap<>();

    /** Finds the places in which an owner holds its children. */
    void find(Block owner) {
        for (Class<?> type = owner.getClass(); type != null && type != Object.class; type = type.getSuperclass()) {
            for (Field field : type.getDeclaredFields()) {
                if (!Modifier.isStatic(field.getModifiers()) && !field.getType().isPrimitive()) {
                    find(owner, field);
                }
            }
        }
    }

    private void find(Block owner, Field field) {
        Object value;
        try {
            field.setAccessible(true);
            value = field.get(owner);
        } catch (ReflectiveOperationException | RuntimeException e) {
            throw new IllegalStateException("cannot look into field " + field, e);
        }
        if (value instanceof BlockList list) {
            for (int k = 0; k < list.size(); k++) {
                int index = k;
                add(list.valueAt(k), block -> {
                    String key = list.keyAt(index);
                    list.remove(index);
                    list.add(index, key, block);
                });
            }
        } else if (value instanceof Block block) {
            add(block, other -> field.set(owner, other));
        } else if (value instanceof List<?> list) {
            for (int k = 0; k < list.size(); k++) {
                if (list.get(k) instanceof Block block) {
                    int index = k;
                    @SuppressWarnings("unchecked") // the list holds a block
                    List<Object> blocks = (List<Object>) list;
                    add(block, other -> blocks.set(index, other));
                }
            }
        } else if (value instanceof Block[] array) {
            for (int k = 0; k < array.length; k++) {
                int index = k;
                add(array[k], other -> array[index] = other);
            }
        }
    }

    private void add(Block block, Slot slot) {
        slots.computeIfAbsent(block, b -> new ArrayList<>()).add(slot);
    }

    /** Puts a block wherever another one stood when the places were looked for. */
    void set(Block original, Block block) {
        try {
            for (Slot slot : slots.getOrDefault(original, List.of())) {
                slot.set(block);
            }
        } catch (IllegalAccessException e) {
            throw new IllegalStateException("cannot put a probe in the place of " + original, e);
        }
    }
}
