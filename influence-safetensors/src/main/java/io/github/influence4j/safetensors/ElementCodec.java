package io.github.influence4j.safetensors;

import java.nio.ByteBuffer;

/** Elements as they lie in a file, in a little-endian buffer from its position on, to and from Java's numbers. */
final class ElementCodec {

    private ElementCodec() {}

    static void decode(TensorType type, ByteBuffer from, double[] target, int offset, int count) {
        if (type == TensorType.F64) {
            from.asDoubleBuffer().get(target, offset, count);
            return;
        }
        int at = from.position();
        for (int k = 0; k < count; k++, at += type.bytes()) {
            target[offset + k] = type.isFloating() ? single(type, from, at) : decimal(type, from, at);
        }
    }

    static void decode(TensorType type, ByteBuffer from, float[] target, int offset, int count) {
        if (type == TensorType.F32) {
            from.asFloatBuffer().get(target, offset, count);
            return;
        }
        int at = from.position();
        for (int k = 0; k < count; k++, at += type.bytes()) {
            target[offset + k] = switch (type) {
                case F64 -> (float) from.getDouble(at);
                case F16, BF16 -> single(type, from, at);
                default -> (float) decimal(type, from, at);
            };
        }
    }

    /** Of integers and truth values only. */
    static void decode(TensorType type, ByteBuffer from, long[] target, int offset, int count) {
        int at = from.position();
        for (int k = 0; k < count; k++, at += type.bytes()) {
            target[offset + k] = integer(type, from, at);
        }
    }

    static void encode(TensorType type, double[] values, int offset, int count, ByteBuffer to) {
        if (type == TensorType.F64) {
            to.asDoubleBuffer().put(values, offset, count);
            to.position(to.position() + count * Double.BYTES);
            return;
        }
        for (int k = offset; k < offset + count; k++) {
            encode(type, (float) values[k], to);
        }
    }

    static void encode(TensorType type, float[] values, int offset, int count, ByteBuffer to) {
        if (type == TensorType.F32) {
            to.asFloatBuffer().put(values, offset, count);
            to.position(to.position() + count * Float.BYTES);
            return;
        }
        for (int k = offset; k < offset + count; k++) {
            encode(type, values[k], to);
        }
    }

    static void encode(TensorType type, long[] values, int offset, int count, ByteBuffer to) {
        for (int k = offset; k < offset + count; k++) {
            switch (type) {
                case I64, U64 -> to.putLong(values[k]);
                case I32, U32 -> to.putInt((int) values[k]);
                case I16, U16 -> to.putShort((short) values[k]);
                case I8, U8, BOOL -> to.put((byte) values[k]);
                default -> throw new IllegalArgumentException("integers for a tensor of " + type);
            }
        }
    }

    private static void encode(TensorType type, float value, ByteBuffer to) {
        switch (type) {
            case F64 -> to.putDouble(value);
            case F32 -> to.putFloat(value);
            case F16 -> to.putShort(HalfPrecision.toFloat16(value));
            case BF16 -> to.putShort(HalfPrecision.toBfloat16(value));
            default -> throw new IllegalArgumentException("floating-point numbers for a tensor of " + type);
        }
    }

    private static float single(TensorType type, ByteBuffer from, int at) {
        return switch (type) {
            case F32 -> from.getFloat(at);
            case F16 -> HalfPrecision.fromFloat16(from.getShort(at));
            default -> HalfPrecision.fromBfloat16(from.getShort(at));
        };
    }

    private static double decimal(TensorType type, ByteBuffer from, int at) {
        long value = integer(type, from, at);
        // the shift keeps the lowest bit, so that halving cannot change the rounding
        return type == TensorType.U64 && value < 0 ? 2.0 * (value >>> 1 | value & 1) : value;
    }

    private static long integer(TensorType type, ByteBuffer from, int at) {
        return switch (type) {
            case I64, U64 -> from.getLong(at);
            case I32 -> from.getInt(at);
            case U32 -> Integer.toUnsignedLong(from.getInt(at));
            case I16 -> from.getShort(at);
            case U16 -> Short.toUnsignedInt(from.getShort(at));
            case I8 -> from.get(at);
            case U8 -> Byte.toUnsignedInt(from.get(at));
            case BOOL -> from.get(at) == 0 ? 0 : 1;
            default -> throw new IllegalArgumentException("integers asked of a tensor of " + type);
        };
    }
}
