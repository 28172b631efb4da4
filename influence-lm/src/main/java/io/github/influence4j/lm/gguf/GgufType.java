package io.github.influence4j.lm.gguf;

import io.github.influence4j.safetensors.HalfPrecision;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Optional;

/**
 * The types of numbers of GGUF files that are read. Quantised numbers lie in blocks that share a scale d, and some a shift m;
 * all are little-endian.
 */
enum GgufType {
    F32(0, 1, 4) {
        @Override
        void decode(ByteBuffer from, int at, float[] to, int offset) {
            to[offset] = from.getFloat(at);
        }
    },
    F16(1, 1, 2) {
        @Override
        void decode(ByteBuffer from, int at, float[] to, int offset) {
            to[offset] = half(from, at);
        }
    },
    BF16(30, 1, 2) {
        @Override
        void decode(ByteBuffer from, int at, float[] to, int offset) {
            to[offset] = HalfPrecision.fromBfloat16(from.getShort(at));
        }
    },
    /** d·q of 4 bits, from −8 to 7; the low halves of the bytes come first. */
    Q4_0(2, 32, 18) {
        @Override
        void decode(ByteBuffer from, int at, float[] to, int offset) {
            float d = half(from, at);
            for (int k = 0; k < 16; k++) {
                int q = from.get(at + 2 + k);
                to[offset + k] = ((q & 15) - 8) * d;
                to[offset + 16 + k] = ((q >> 4 & 15) - 8) * d;
            }
        }
    },
    /** d·q + m of 4 bits, from 0 to 15. */
    Q4_1(3, 32, 20) {
        @Override
        void decode(ByteBuffer from, int at, float[] to, int offset) {
            float d = half(from, at);
            float m = half(from, at + 2);
            for (int k = 0; k < 16; k++) {
                int q = from.get(at + 4 + k);
                to[offset + k] = (q & 15) * d + m;
                to[offset + 16 + k] = (q >> 4 & 15) * d + m;
            }
        }
    },
    /** d·q of 8 bits. */
    Q8_0(8, 32, 34) {
        @Override
        void decode(ByteBuffer from, int at, float[] to, int offset) {
            float d = half(from, at);
            for (int k = 0; k < 32; k++) {
                to[offset + k] = from.get(at + 2 + k) * d;
            }
        }
    },
    /** Eight blocks of 32 with scales and shifts of 6 bits: (d·scale)·q − (m·shift). */
    Q4_K(12, 256, 144) {
        @Override
        void decode(ByteBuffer from, int at, float[] to, int offset) {
            float d = half(from, at);
            float m = half(from, at + 2);
            int scales = at + 4;
            int numbers = at + 16;
            for (int block = 0; block < 8; block++) {
                float scale = d * scale(from, scales, block);
                float shift = m * shift(from, scales, block);
                int bytes = numbers + block / 2 * 32;
                for (int k = 0; k < 32; k++) {
                    int q = from.get(bytes + k) >> (block % 2) * 4 & 15;
                    to[offset + 32 * block + k] = scale * q - shift;
                }
            }
        }
    },
    /** Sixteen blocks of 16 with scales of 8 bits: (d·scale)·q of 6 bits, from −32 to 31, whose upper two bits lie apart. */
    Q6_K(14, 256, 210) {
        @Override
        void decode(ByteBuffer from, int at, float[] to, int offset) {
            float d = half(from, at + 208);
            for (int k = 0; k < 256; k++) {
                int part = k / 128;
                int group = k % 128 / 32;
                int l = k % 32;
                int low = from.get(at + 64 * part + 32 * (group % 2) + l) >> group / 2 * 4 & 15;
                int high = from.get(at + 128 + 32 * part + l) >> 2 * group & 3;
                float scale = d * from.get(at + 192 + 8 * part + 2 * group + l / 16);
                to[offset + k] = scale * ((low | high << 4) - 32);
            }
        }
    };

    private final int id;
    private final int block;
    private final int bytes;

    GgufType(int id, int block, int bytes) {
        this.id = id;
        this.block = block;
        this.bytes = bytes;
    }

    /** Numbers of a block. */
    int block() {
        return block;
    }

    /** Bytes of a block. */
    int bytes() {
        return bytes;
    }

    /** Writes the numbers of the block that begins at a byte. */
    abstract void decode(ByteBuffer from, int at, float[] to, int offset);

    static Optional<GgufType> of(int id) {
        return Arrays.stream(values()).filter(type -> type.id == id).findFirst();
    }

    private static float half(ByteBuffer from, int at) {
        return HalfPrecision.fromFloat16(from.getShort(at));
    }

    /** Six bits: the first four scales are whole, the others have two bits in the bytes of the first. */
    private static int scale(ByteBuffer from, int at, int block) {
        return block < 4
                ? from.get(at + block) & 63
                : from.get(at + block + 4) & 15 | (from.get(at + block - 4) >> 6 & 3) << 4;
    }

    private static int shift(ByteBuffer from, int at, int block) {
        return block < 4
                ? from.get(at + block + 4) & 63
                : from.get(at + block + 4) >> 4 & 15 | (from.get(at + block) >> 6 & 3) << 4;
    }
}
