// The element-wise operations of MatrixBackend that cuBLAS lacks. compile.sh makes ../resources/.../kernels.ptx of this file.
//
// Matrices are row-major with a stride in elements. Every kernel goes through its elements in strides of the whole grid, so it is
// right for any grid and block, one thread included: the tests run this file on the CPU (src/test/native/standin.cpp).
// A name ends in the types of its matrices, f for float and d for double, in the order of its parameters.

#ifdef INFLUENCE_ON_HOST
#define WARP 1
template <typename T> T warp_sum(T value) { return value; }
#else
#define WARP 32
template <typename T> __device__ __forceinline__ T warp_sum(T value) {
    for (int distance = WARP / 2; distance > 0; distance /= 2) {
        value += __shfl_down_sync(0xffffffffu, value, distance);
    }
    return value;
}
#endif

typedef long long index_t;

#define FOR_ROWS(r, rows) \
    for (index_t r = blockIdx.y * (index_t)blockDim.y + threadIdx.y; r < (rows); r += (index_t)gridDim.y * blockDim.y)
#define FOR_COLUMNS(c, columns) \
    for (index_t c = blockIdx.x * (index_t)blockDim.x + threadIdx.x; c < (columns); c += (index_t)gridDim.x * blockDim.x)

// target = source; columns of the source are source_step elements apart, 1 unless it is read as its transpose
template <typename S, typename T> __device__ __forceinline__ void convert(
        int rows, int columns, const S* source, index_t source_stride, index_t source_step, T* target,
        index_t target_stride) {
    FOR_ROWS(r, rows) {
        FOR_COLUMNS(c, columns) { target[r * target_stride + c] = (T)source[r * source_stride + c * source_step]; }
    }
}

// y += alpha x
template <typename X, typename Y> __device__ __forceinline__ void add_scaled(
        int rows, int columns, double alpha, const X* x, index_t x_stride, Y* y, index_t y_stride) {
    FOR_ROWS(r, rows) {
        FOR_COLUMNS(c, columns) { y[r * y_stride + c] += (Y)alpha * (Y)x[r * x_stride + c]; }
    }
}

// c = a b, element by element; c may be a or b
template <typename T> __device__ __forceinline__ void multiply(
        int rows, int columns, const T* a, index_t a_stride, const T* b, index_t b_stride, T* c, index_t c_stride) {
    FOR_ROWS(r, rows) {
        FOR_COLUMNS(k, columns) { c[r * c_stride + k] = a[r * a_stride + k] * b[r * b_stride + k]; }
    }
}

// c = beta c + the sum of the squared blocks of a, which begin block_stride elements apart
template <typename A, typename C> __device__ __forceinline__ void add_squares(
        int blocks, int rows, int columns, const A* a, index_t a_stride, index_t block_stride, double beta, C* c,
        index_t c_stride) {
    FOR_ROWS(r, rows) {
        FOR_COLUMNS(k, columns) {
            const A* first = a + r * a_stride + k;
            C sums[4] = {0, 0, 0, 0}; // independent, so that four loads are in flight
            int b = 0;
            for (; b + 4 <= blocks; b += 4) {
                for (int j = 0; j < 4; j++) {
                    C value = (C)first[(b + j) * block_stride];
                    sums[j] += value * value;
                }
            }
            for (; b < blocks; b++) {
                C value = (C)first[b * block_stride];
                sums[0] += value * value;
            }
            C sum = (sums[0] + sums[1]) + (sums[2] + sums[3]);
            C* place = c + r * c_stride + k;
            *place = beta == 0 ? sum : (C)beta * *place + sum;
        }
    }
}

// result = 1 / (values + shift), in double
template <typename T> __device__ __forceinline__ void shifted_reciprocal(
        int rows, int columns, const double* values, index_t values_stride, double shift, T* result,
        index_t result_stride) {
    FOR_ROWS(r, rows) {
        FOR_COLUMNS(c, columns) {
            result[r * result_stride + c] = (T)(1.0 / (values[r * values_stride + c] + shift));
        }
    }
}

// result[r][g] = sum over j < width of a[r][g width + j] b[r][g b_step + j], added up in double; a warp for each sum. b_step is
// width, or 0 where all groups meet the same b.
template <typename T> __device__ __forceinline__ void row_dots(
        int rows, int groups, int width, const T* a, index_t a_stride, const T* b, index_t b_stride, index_t b_step,
        T* result, index_t result_stride) {
    index_t warps = (index_t)gridDim.x * blockDim.x / WARP;
    int lane = threadIdx.x % WARP;
    for (index_t k = (blockIdx.x * (index_t)blockDim.x + threadIdx.x) / WARP; k < (index_t)rows * groups; k += warps) {
        index_t r = k / groups;
        index_t g = k % groups;
        const T* left = a + r * a_stride + g * width;
        const T* right = b + r * b_stride + g * b_step;
        double sum = 0;
        for (int j = lane; j < width; j += WARP) {
            sum += left[j] * right[j];
        }
        sum = warp_sum(sum);
        if (lane == 0) {
            result[r * result_stride + g] = (T)sum;
        }
    }
}

// the symmetric matrix whose upper triangle is alpha times that of upper; result may be upper, as a thread writes what it alone
// has read, and what is below the diagonal
template <typename U, typename R> __device__ __forceinline__ void mirror_upper(
        int order, double alpha, const U* upper, index_t upper_stride, R* result, index_t result_stride) {
    FOR_ROWS(r, order) {
        FOR_COLUMNS(c, order) {
            if (c >= r) {
                R value = (R)(alpha * (double)upper[r * upper_stride + c]);
                result[r * result_stride + c] = value;
                result[c * result_stride + r] = value;
            }
        }
    }
}

// sets found to 1 if a number is not finite
template <typename T> __device__ __forceinline__ void find_not_finite(
        int rows, int columns, const T* numbers, index_t stride, int* found) {
    bool finite = true;
    FOR_ROWS(r, rows) {
        FOR_COLUMNS(c, columns) {
            finite = finite && numbers[r * stride + c] * 0 == 0; // infinite times 0 is not a number, which equals nothing
        }
    }
    if (!finite) {
        *found = 1;
    }
}

#define CONVERT(suffix, S, T) \
    extern "C" __global__ void convert_##suffix( \
            int rows, int columns, const S* source, index_t source_stride, index_t source_step, T* target, \
            index_t target_stride) { \
        convert(rows, columns, source, source_stride, source_step, target, target_stride); \
    }
CONVERT(ff, float, float)
CONVERT(fd, float, double)
CONVERT(df, double, float)
CONVERT(dd, double, double)

#define ADD_SCALED(suffix, X, Y) \
    extern "C" __global__ void add_scaled_##suffix( \
            int rows, int columns, double alpha, const X* x, index_t x_stride, Y* y, index_t y_stride) { \
        add_scaled(rows, columns, alpha, x, x_stride, y, y_stride); \
    }
ADD_SCALED(ff, float, float)
ADD_SCALED(fd, float, double)
ADD_SCALED(dd, double, double)

#define MULTIPLY(suffix, T) \
    extern "C" __global__ void multiply_##suffix( \
            int rows, int columns, const T* a, index_t a_stride, const T* b, index_t b_stride, T* c, index_t c_stride) { \
        multiply(rows, columns, a, a_stride, b, b_stride, c, c_stride); \
    }
MULTIPLY(f, float)
MULTIPLY(d, double)

#define ADD_SQUARES(suffix, A, C) \
    extern "C" __global__ void add_squares_##suffix( \
            int blocks, int rows, int columns, const A* a, index_t a_stride, index_t block_stride, double beta, C* c, \
            index_t c_stride) { \
        add_squares(blocks, rows, columns, a, a_stride, block_stride, beta, c, c_stride); \
    }
ADD_SQUARES(ff, float, float)
ADD_SQUARES(fd, float, double)
ADD_SQUARES(dd, double, double)

#define SHIFTED_RECIPROCAL(suffix, T) \
    extern "C" __global__ void shifted_reciprocal_##suffix( \
            int rows, int columns, const double* values, index_t values_stride, double shift, T* result, \
            index_t result_stride) { \
        shifted_reciprocal(rows, columns, values, values_stride, shift, result, result_stride); \
    }
SHIFTED_RECIPROCAL(f, float)
SHIFTED_RECIPROCAL(d, double)

#define ROW_DOTS(suffix, T) \
    extern "C" __global__ void row_dots_##suffix( \
            int rows, int groups, int width, const T* a, index_t a_stride, const T* b, index_t b_stride, \
            index_t b_step, T* result, index_t result_stride) { \
        row_dots(rows, groups, width, a, a_stride, b, b_stride, b_step, result, result_stride); \
    }
ROW_DOTS(f, float)
ROW_DOTS(d, double)

#define MIRROR_UPPER(suffix, U, R) \
    extern "C" __global__ void mirror_upper_##suffix( \
            int order, double alpha, const U* upper, index_t upper_stride, R* result, index_t result_stride) { \
        mirror_upper(order, alpha, upper, upper_stride, result, result_stride); \
    }
MIRROR_UPPER(ff, float, float)
MIRROR_UPPER(fd, float, double)
MIRROR_UPPER(df, double, float)
MIRROR_UPPER(dd, double, double)

#define FIND_NOT_FINITE(suffix, T) \
    extern "C" __global__ void find_not_finite_##suffix( \
            int rows, int columns, const T* numbers, index_t stride, int* found) { \
        find_not_finite(rows, columns, numbers, stride, found); \
    }
FIND_NOT_FINITE(f, float)
FIND_NOT_FINITE(d, double)
