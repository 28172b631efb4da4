// A stand-in for libcuda, libcublas and libcusolver on the CPU, for testing the Java code of this module where there is no card.
//
//     g++ -O2 -std=c++17 -shared -fPIC -o libcuda.so.1 standin.cpp
//
// makes all three: copy it to the other names. Its numbers are real, from kernels.cu and OpenBLAS; its speed means nothing, and
// as every call is finished when it returns, a missing synchronisation shows only on a card. It is stricter than a card instead:
// memory begins as NaN, what a call reads or writes must lie within one live allocation, and a call on a thread without a current
// context fails, as does a call with a handle that has been destroyed.
//
// INFLUENCE_STANDIN_BYTES: the size of the card's memory, 4 GiB if not set.
// INFLUENCE_STANDIN_OPENBLAS: path of OpenBLAS, used if the process has none loaded and the system none installed.

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <dlfcn.h>
#include <limits>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#define INFLUENCE_ON_HOST
#define __global__
#define __device__
#define __forceinline__ inline
struct Index3 {
    unsigned x, y, z;
};
static const Index3 threadIdx = {0, 0, 0}, blockIdx = {0, 0, 0}, blockDim = {1, 1, 1}, gridDim = {1, 1, 1};
#include "../../main/cuda/kernels.cu"

// ---- State. Inline variables outside of an anonymous namespace: the dynamic linker then makes one of those of all three copies.

namespace standin {

// statuses that are made here; 0 is success in all three libraries
enum { INVALID_VALUE = 1, OUT_OF_MEMORY = 2, NOT_INITIALIZED = 3, INVALID_DEVICE = 101, INVALID_CONTEXT = 201, INVALID_PTX = 218,
       INVALID_HANDLE = 400, NOT_FOUND = 500 };
enum { BLAS_NOT_INITIALIZED = 1, BLAS_INVALID_VALUE = 7 };
enum { SOLVER_NOT_INITIALIZED = 1, SOLVER_INVALID_VALUE = 3 };

const int POISON = 0xff; // bytes of a NaN, and of -1
const size_t ALIGNMENT = 256; // of a card's allocations

struct Object {
    virtual ~Object() = default;
};
struct Stream : Object {};
struct Event : Object {};
struct Module : Object {
    std::string text;
};
struct Pool : Object {
    // bytes; reserved is what the pool keeps from others, threshold how much of that it keeps when not used
    uint64_t used = 0, used_high = 0, reserved = 0, reserved_high = 0, threshold = 0;
};
struct Blas : Object {};
struct Solver : Object {};
struct SolverParams : Object {};

struct Allocation {
    size_t bytes;
    std::shared_ptr<Pool> pool; // as a destroyed pool lives until its last allocation is freed
};

struct State {
    std::mutex mutex;
    bool initialized = false;
    int retained = 0;
    uint64_t capacity = uint64_t(4) << 30, reserved = 0;
    std::map<uint64_t, Allocation> allocations;
    std::map<void*, std::shared_ptr<Object>> objects;

    State() {
        if (const char* bytes = std::getenv("INFLUENCE_STANDIN_BYTES")) {
            capacity = std::strtoull(bytes, nullptr, 10);
        }
    }
};
inline State state;
inline thread_local void* current = nullptr;
inline thread_local std::vector<void*> contexts; // under the current one

using Lock = std::lock_guard<std::mutex>;

inline bool has_context() {
    Lock lock(state.mutex);
    return current == &state && state.retained > 0;
}

template <typename T> std::shared_ptr<T> find(void* handle) {
    Lock lock(state.mutex);
    auto found = state.objects.find(handle);
    return found == state.objects.end() ? nullptr : std::dynamic_pointer_cast<T>(found->second);
}

template <typename T> std::shared_ptr<T> create(void** handle) {
    auto object = std::make_shared<T>();
    *handle = object.get();
    Lock lock(state.mutex);
    state.objects[object.get()] = object;
    return object;
}

inline bool is_stream(void* handle) { return handle == nullptr || find<Stream>(handle); } // null is the default stream

inline bool inside(const void* pointer, uint64_t bytes) {
    uint64_t address = reinterpret_cast<uint64_t>(pointer);
    Lock lock(state.mutex);
    auto after = state.allocations.upper_bound(address);
    if (after != state.allocations.begin()) {
        auto [start, allocation] = *std::prev(after);
        if (address - start <= allocation.bytes && bytes <= allocation.bytes - (address - start)) {
            return true;
        }
    }
    std::fprintf(stderr, "CUDA stand-in: %zu bytes at %p are not within one live allocation\n", size_t(bytes), pointer);
    return false;
}

// whether all of a batch of matrices lies within one allocation; a line is a row of a row-major matrix, a column of another
template <typename T> bool inside(const T* first, int64_t lines, int64_t length, int64_t stride, int64_t batch = 1,
                                  int64_t batch_stride = 0) {
    if (lines <= 0 || length <= 0 || batch <= 0) {
        return true;
    }
    if (stride < 0 || batch_stride < 0) {
        return false;
    }
    return inside(first, sizeof(T) * ((batch - 1) * batch_stride + (lines - 1) * stride + length));
}

// after a change of a pool's use: what it reserves, at most keep of it unused
inline void settle(Pool& pool, uint64_t keep) {
    uint64_t reserved = std::max(pool.used, std::min(pool.reserved, keep));
    state.reserved = state.reserved - pool.reserved + reserved;
    pool.reserved = reserved;
    pool.reserved_high = std::max(pool.reserved_high, reserved);
    pool.used_high = std::max(pool.used_high, pool.used);
}

inline void release(std::map<uint64_t, Allocation>::iterator allocation) {
    Pool& pool = *allocation->second.pool;
    pool.used -= allocation->second.bytes;
    settle(pool, pool.threshold);
    std::free(reinterpret_cast<void*>(allocation->first));
    state.allocations.erase(allocation);
}

// ---- OpenBLAS: BLAS by its C interface, LAPACK by Fortran's, where the lengths of strings come last

template <typename T> struct BlasOf {
    void (*gemm)(int, int, int, int, int, int, T, const T*, int, const T*, int, T, T*, int);
    void (*syrk)(int, int, int, int, int, T, const T*, int, T, T*, int);
};

struct OpenBlas {
    BlasOf<float> single;
    BlasOf<double> twofold;
    void (*dtrsm)(int, int, int, int, int, int, int, double, const double*, int, double*, int);
    void (*dsyevd)(const char*, const char*, const int*, double*, const int*, double*, double*, const int*, int*, const int*,
                   int*, size_t, size_t);
    void (*dpotrf)(const char*, const int*, double*, const int*, int*, size_t);
    void (*dgeqrf)(const int*, const int*, double*, const int*, double*, double*, const int*, int*);
    void (*dorgqr)(const int*, const int*, const int*, double*, const int*, const double*, double*, const int*, int*);
    void (*dgesvd)(const char*, const char*, const int*, const int*, double*, const int*, double*, double*, const int*, double*,
                   const int*, double*, const int*, int*, size_t, size_t);

    bool load() {
        const char* name = "libopenblas.so.0";
        const char* path = std::getenv("INFLUENCE_STANDIN_OPENBLAS");
        void* library = dlopen(name, RTLD_NOW | RTLD_NOLOAD);
        library = library ? library : dlopen(name, RTLD_NOW);
        library = library || !path ? library : dlopen(path, RTLD_NOW);
        auto get = [&](auto& function, const char* symbol) {
            function = reinterpret_cast<std::remove_reference_t<decltype(function)>>(dlsym(library, symbol));
            return function != nullptr;
        };
        return library && get(single.gemm, "cblas_sgemm") && get(twofold.gemm, "cblas_dgemm") && get(single.syrk, "cblas_ssyrk")
                && get(twofold.syrk, "cblas_dsyrk") && get(dtrsm, "cblas_dtrsm") && get(dsyevd, "dsyevd_")
                && get(dpotrf, "dpotrf_") && get(dgeqrf, "dgeqrf_") && get(dorgqr, "dorgqr_") && get(dgesvd, "dgesvd_");
    }
};
inline OpenBlas openblas;

inline bool load_openblas() {
    static bool loaded = false;
    Lock lock(state.mutex);
    return loaded = loaded || openblas.load(); // tried again after a failure, as the process may have loaded it since
}

template <typename T> const BlasOf<T>& blas_of();
template <> inline const BlasOf<float>& blas_of() { return openblas.single; }
template <> inline const BlasOf<double>& blas_of() { return openblas.twofold; }

const int COLUMN_MAJOR = 102;
inline int cblas_op(int operation) { return 111 + operation; } // none, transposed, conjugate
inline int cblas_fill(int fill) { return fill == 1 ? 121 : 122; } // upper, lower
inline bool is_op(int operation) { return operation >= 0 && operation <= 2; }
inline bool is_flag(int value) { return value == 0 || value == 1; }

} // namespace standin
using namespace standin;

// ---- Kernels: for each kind of parameters, whether what it goes through is all allocated

template <typename S, typename T> static bool reachable(
        int rows, int columns, const S* s, index_t s_stride, index_t s_step, T* t, index_t t_stride) {
    return inside(s, columns, 1, s_step, rows, s_stride) && inside(t, rows, columns, t_stride); // convert
}
template <typename X, typename Y> static bool reachable(
        int rows, int columns, double, const X* x, index_t x_stride, Y* y, index_t y_stride) {
    return inside(x, rows, columns, x_stride) && inside(y, rows, columns, y_stride); // add_scaled
}
template <typename T> static bool reachable(
        int rows, int columns, const T* a, index_t a_stride, const T* b, index_t b_stride, T* c, index_t c_stride) {
    return inside(a, rows, columns, a_stride) && inside(b, rows, columns, b_stride)
            && inside(c, rows, columns, c_stride); // multiply
}
template <typename A, typename C> static bool reachable(
        int blocks, int rows, int columns, const A* a, index_t a_stride, index_t block_stride, double, C* c, index_t c_stride) {
    return inside(a, rows, columns, a_stride, blocks, block_stride) && inside(c, rows, columns, c_stride); // add_squares
}
template <typename T> static bool reachable(
        int rows, int columns, const double* values, index_t values_stride, double, T* result, index_t result_stride) {
    return inside(values, rows, columns, values_stride) && inside(result, rows, columns, result_stride); // shifted_reciprocal
}
template <typename T> static bool reachable(
        int rows, int groups, int width, const T* a, index_t a_stride, const T* b, index_t b_stride, index_t b_step, T* result,
        index_t result_stride) {
    return inside(a, rows, (index_t)groups * width, a_stride) && inside(b, rows, (groups - 1) * b_step + width, b_stride)
            && inside(result, rows, groups, result_stride); // row_dots
}
template <typename U, typename R> static bool reachable(
        int order, double, const U* upper, index_t upper_stride, R* result, index_t result_stride) {
    return inside(upper, order, order, upper_stride) && inside(result, order, order, result_stride); // mirror_upper
}
template <typename T> static bool reachable(int rows, int columns, const T* numbers, index_t stride, int* found) {
    return inside(numbers, rows, columns, stride) && inside(found, sizeof(int)); // find_not_finite
}

template <typename... A, size_t... I> static bool launch(void (*kernel)(A...), void** parameters, std::index_sequence<I...>) {
    std::tuple<A...> arguments{*static_cast<A*>(parameters[I])...};
    if (!std::apply([](auto... each) { return reachable(each...); }, arguments)) {
        return false;
    }
    std::apply(kernel, arguments);
    return true;
}
template <typename... A> static bool launch(void (*kernel)(A...), void** parameters) {
    return launch(kernel, parameters, std::index_sequence_for<A...>());
}

struct Kernel {
    const char* name;
    bool (*launch)(void** parameters);
};
#define KERNEL(name) {#name, [](void** parameters) { return launch(name, parameters); }},
static Kernel kernels[] = {
    KERNEL(convert_ff) KERNEL(convert_fd) KERNEL(convert_df) KERNEL(convert_dd)
    KERNEL(add_scaled_ff) KERNEL(add_scaled_fd) KERNEL(add_scaled_dd)
    KERNEL(multiply_f) KERNEL(multiply_d)
    KERNEL(add_squares_ff) KERNEL(add_squares_fd) KERNEL(add_squares_dd)
    KERNEL(shifted_reciprocal_f) KERNEL(shifted_reciprocal_d)
    KERNEL(row_dots_f) KERNEL(row_dots_d)
    KERNEL(mirror_upper_ff) KERNEL(mirror_upper_fd) KERNEL(mirror_upper_df) KERNEL(mirror_upper_dd)
    KERNEL(find_not_finite_f) KERNEL(find_not_finite_d)
};

// ---- libcuda

#define NEED(condition, status) \
    if (!(condition)) { \
        return status; \
    }
#define NEED_DEVICE(device) \
    NEED(state.initialized, NOT_INITIALIZED) \
    NEED(device == 0, INVALID_DEVICE)
#define NEED_CONTEXT NEED(has_context(), INVALID_CONTEXT)
#define NEED_STREAM(stream) \
    NEED_CONTEXT \
    NEED(is_stream(stream), INVALID_HANDLE)

struct PoolProps { // CUmemPoolProps
    int type, handle_types, location_type, location_id;
    void* security;
    size_t max_size;
    unsigned short usage;
    unsigned char reserved[54];
};

static const std::map<int, std::vector<const char*>> errors = {
    {0, {"CUDA_SUCCESS", "no error"}},
    {INVALID_VALUE, {"CUDA_ERROR_INVALID_VALUE", "invalid argument"}},
    {OUT_OF_MEMORY, {"CUDA_ERROR_OUT_OF_MEMORY", "out of memory"}},
    {NOT_INITIALIZED, {"CUDA_ERROR_NOT_INITIALIZED", "initialization error"}},
    {INVALID_DEVICE, {"CUDA_ERROR_INVALID_DEVICE", "invalid device ordinal"}},
    {INVALID_CONTEXT, {"CUDA_ERROR_INVALID_CONTEXT", "invalid device context"}},
    {INVALID_PTX, {"CUDA_ERROR_INVALID_PTX", "a PTX JIT compilation failed"}},
    {INVALID_HANDLE, {"CUDA_ERROR_INVALID_HANDLE", "invalid resource handle"}},
    {NOT_FOUND, {"CUDA_ERROR_NOT_FOUND", "named symbol not found"}},
};

static int describe(int status, int part, const char** text) {
    auto found = errors.find(status);
    *text = found == errors.end() ? nullptr : found->second[part];
    return *text ? 0 : INVALID_VALUE;
}

template <typename Found> static int status_of(const Found& found) {
    return !has_context() ? INVALID_CONTEXT : found ? 0 : INVALID_HANDLE;
}

extern "C" {

int cuGetErrorName(int status, const char** name) { return describe(status, 0, name); }
int cuGetErrorString(int status, const char** text) { return describe(status, 1, text); }

int cuInit(unsigned flags) {
    NEED(flags == 0, INVALID_VALUE)
    Lock lock(state.mutex);
    state.initialized = true;
    return 0;
}

int cuDriverGetVersion(int* version) {
    *version = 13000;
    return 0;
}

int cuDeviceGetCount(int* count) {
    NEED(state.initialized, NOT_INITIALIZED)
    *count = 1;
    return 0;
}

int cuDeviceGet(int* device, int ordinal) {
    NEED(state.initialized, NOT_INITIALIZED)
    NEED(ordinal == 0, INVALID_DEVICE)
    *device = 0;
    return 0;
}

int cuDeviceGetName(char* name, int length, int device) {
    NEED_DEVICE(device)
    std::snprintf(name, length, "CUDA stand-in on the CPU");
    return 0;
}

int cuDeviceGetAttribute(int* value, int attribute, int device) {
    NEED_DEVICE(device)
    switch (attribute) {
        case 16: *value = 4; break; // multiprocessors
        case 75: *value = 9; break; // compute capability, major
        case 115: *value = 1; break; // memory pools
        default: *value = 0;
    }
    return 0;
}

int cuDevicePrimaryCtxRetain(void** context, int device) {
    NEED_DEVICE(device)
    Lock lock(state.mutex);
    state.retained++;
    *context = &state;
    return 0;
}

int cuCtxPushCurrent_v2(void* context) {
    NEED(context == &state, INVALID_CONTEXT)
    contexts.push_back(current);
    current = context;
    return 0;
}

int cuCtxPopCurrent_v2(void** context) {
    NEED(!contexts.empty(), INVALID_CONTEXT)
    *context = current;
    current = contexts.back();
    contexts.pop_back();
    return 0;
}

int cuStreamCreate(void** stream, unsigned) {
    NEED_CONTEXT
    create<Stream>(stream);
    return 0;
}

int cuStreamSynchronize(void* stream) { return status_of(is_stream(stream)); }
int cuStreamWaitEvent(void* stream, void* event, unsigned) { return status_of(is_stream(stream) && find<Event>(event)); }

int cuEventCreate(void** event, unsigned) {
    NEED_CONTEXT
    create<Event>(event);
    return 0;
}

int cuEventRecord(void* event, void* stream) { return status_of(is_stream(stream) && find<Event>(event)); }
int cuEventSynchronize(void* event) { return status_of(find<Event>(event)); }

int cuMemGetInfo_v2(size_t* free, size_t* total) {
    NEED_CONTEXT
    Lock lock(state.mutex);
    *free = state.capacity - state.reserved;
    *total = state.capacity;
    return 0;
}

int cuMemPoolCreate(void** pool, const PoolProps* props) {
    NEED(state.initialized, NOT_INITIALIZED)
    bool pinned_on_device = props->type == 1 && props->location_type == 1 && props->location_id == 0;
    bool rest_zero = std::all_of(std::begin(props->reserved), std::end(props->reserved), [](unsigned char c) { return c == 0; });
    NEED(pinned_on_device && rest_zero && props->max_size == 0, INVALID_VALUE)
    create<Pool>(pool);
    return 0;
}

int cuMemPoolSetAttribute(void* handle, int attribute, void* value) {
    auto pool = find<Pool>(handle);
    NEED(pool && attribute >= 1 && attribute <= 8, INVALID_VALUE)
    NEED(attribute <= 4 || ((attribute == 6 || attribute == 8) && *static_cast<uint64_t*>(value) == 0), INVALID_VALUE)
    Lock lock(state.mutex);
    switch (attribute) {
        case 4: pool->threshold = *static_cast<uint64_t*>(value); break;
        case 6: pool->reserved_high = pool->reserved; break;
        case 8: pool->used_high = pool->used; break;
        default: break; // 1 to 3 choose how memory is found again, of which there is nothing here
    }
    return 0;
}

int cuMemPoolGetAttribute(void* handle, int attribute, void* value) {
    auto pool = find<Pool>(handle);
    NEED(pool && attribute >= 4 && attribute <= 8, INVALID_VALUE)
    Lock lock(state.mutex);
    const uint64_t values[] = {pool->threshold, pool->reserved, pool->reserved_high, pool->used, pool->used_high};
    *static_cast<uint64_t*>(value) = values[attribute - 4];
    return 0;
}

int cuMemPoolTrimTo(void* handle, size_t keep) {
    auto pool = find<Pool>(handle);
    NEED(pool, INVALID_VALUE)
    Lock lock(state.mutex);
    settle(*pool, keep);
    return 0;
}

int cuMemAllocFromPoolAsync(uint64_t* address, size_t bytes, void* handle, void* stream) {
    NEED_STREAM(stream)
    auto pool = find<Pool>(handle);
    NEED(pool && bytes > 0, INVALID_VALUE)
    Lock lock(state.mutex);
    NEED(bytes <= state.capacity, OUT_OF_MEMORY) // so that the sum below cannot overflow
    NEED(state.reserved - pool->reserved + std::max(pool->reserved, pool->used + bytes) <= state.capacity, OUT_OF_MEMORY)
    void* memory = std::aligned_alloc(ALIGNMENT, (bytes + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT);
    NEED(memory, OUT_OF_MEMORY)
    std::memset(memory, POISON, bytes);
    pool->used += bytes;
    settle(*pool, pool->reserved);
    *address = reinterpret_cast<uint64_t>(memory);
    state.allocations[*address] = {bytes, pool};
    return 0;
}

int cuMemFreeAsync(uint64_t address, void* stream) {
    NEED_STREAM(stream)
    Lock lock(state.mutex);
    auto allocation = state.allocations.find(address);
    NEED(allocation != state.allocations.end(), INVALID_VALUE)
    release(allocation);
    return 0;
}

int cuMemAllocHost_v2(void** pointer, size_t bytes) {
    NEED_CONTEXT
    NEED(bytes > 0, INVALID_VALUE)
    void* memory = std::malloc(bytes);
    NEED(memory, OUT_OF_MEMORY)
    *pointer = std::memset(memory, POISON, bytes);
    return 0;
}

int cuMemcpyHtoDAsync_v2(void* to, const void* from, size_t bytes, void* stream) {
    NEED_STREAM(stream)
    NEED(bytes == 0 || (from && inside(to, bytes)), INVALID_VALUE)
    std::memcpy(to, from, bytes);
    return 0;
}

int cuMemcpyDtoHAsync_v2(void* to, const void* from, size_t bytes, void* stream) {
    NEED_STREAM(stream)
    NEED(bytes == 0 || (to && inside(from, bytes)), INVALID_VALUE)
    std::memcpy(to, from, bytes);
    return 0;
}

int cuMemsetD8Async(void* to, unsigned char value, size_t bytes, void* stream) {
    NEED_STREAM(stream)
    NEED(bytes == 0 || inside(to, bytes), INVALID_VALUE)
    std::memset(to, value, bytes);
    return 0;
}

int cuModuleLoadDataEx(void** module, const void* image, unsigned, int*, void**) {
    NEED_CONTEXT
    std::string text = static_cast<const char*>(image);
    size_t start = 0;
    while (start < text.size() && (text[start] == '/' || text[start] == '\n')) { // comments, each a line, and empty lines
        start = std::min(text.find('\n', start), text.size() - 1) + 1;
    }
    NEED(text.compare(start, 8, ".version") == 0 && text.find(".target") != std::string::npos, INVALID_PTX)
    create<Module>(module)->text = text;
    return 0;
}

int cuModuleGetFunction(void** function, void* handle, const char* name) {
    NEED_CONTEXT
    auto module = find<Module>(handle);
    NEED(module, INVALID_HANDLE)
    for (Kernel& kernel : kernels) {
        if (std::strcmp(kernel.name, name) == 0 && module->text.find(".entry " + std::string(name) + "(") != std::string::npos) {
            *function = &kernel;
            return 0;
        }
    }
    return NOT_FOUND;
}

int cuLaunchKernel(void* function, unsigned grid_x, unsigned grid_y, unsigned grid_z, unsigned block_x, unsigned block_y,
                   unsigned block_z, unsigned, void* stream, void** parameters, void** extra) {
    NEED_STREAM(stream)
    auto kernel = static_cast<Kernel*>(function);
    NEED(kernel >= std::begin(kernels) && kernel < std::end(kernels), INVALID_HANDLE)
    NEED(grid_x > 0 && grid_x <= INT32_MAX && grid_y > 0 && grid_y <= 65535 && grid_z > 0 && grid_z <= 65535, INVALID_VALUE)
    NEED(block_x > 0 && block_x <= 1024 && block_y > 0 && block_y <= 1024 && block_z > 0 && block_z <= 64, INVALID_VALUE)
    NEED(block_x * block_y * block_z <= 1024 && parameters && !extra, INVALID_VALUE)
    return kernel->launch(parameters) ? 0 : INVALID_VALUE;
}

} // extern "C"

// ---- libcublas: column-major, factors are pointers to the host's memory

#define NEED_BLAS(handle) NEED(has_context() && find<Blas>(handle), BLAS_NOT_INITIALIZED)

static bool holds(int stride, int rows) { return stride >= std::max(1, rows); }

template <typename T> static int gemm(
        void* handle, int op_a, int op_b, int m, int n, int k, const T* alpha, const T* a, int lda, int64_t step_a, const T* b,
        int ldb, int64_t step_b, const T* beta, T* c, int ldc, int64_t step_c, int batch) {
    NEED_BLAS(handle)
    NEED(is_op(op_a) && is_op(op_b) && m >= 0 && n >= 0 && k >= 0 && batch >= 0 && alpha && beta, BLAS_INVALID_VALUE)
    int rows_a = op_a == 0 ? m : k, rows_b = op_b == 0 ? k : n;
    NEED(holds(lda, rows_a) && holds(ldb, rows_b) && holds(ldc, m), BLAS_INVALID_VALUE)
    if (m == 0 || n == 0) {
        return 0;
    }
    NEED(inside(a, m + k - rows_a, rows_a, lda, batch, step_a) && inside(b, k + n - rows_b, rows_b, ldb, batch, step_b)
            && inside(c, n, m, ldc, batch, step_c), BLAS_INVALID_VALUE)
    for (int i = 0; i < batch; i++) {
        blas_of<T>().gemm(COLUMN_MAJOR, cblas_op(op_a), cblas_op(op_b), m, n, k, *alpha, a + i * step_a, lda, b + i * step_b, ldb,
                *beta, c + i * step_c, ldc);
    }
    return 0;
}

template <typename T> static int syrk(
        void* handle, int fill, int op, int n, int k, const T* alpha, const T* a, int lda, const T* beta, T* c, int ldc) {
    NEED_BLAS(handle)
    NEED(is_flag(fill) && is_op(op) && n >= 0 && k >= 0 && alpha && beta, BLAS_INVALID_VALUE)
    int rows = op == 0 ? n : k;
    NEED(holds(lda, rows) && holds(ldc, n), BLAS_INVALID_VALUE)
    NEED(inside(a, n + k - rows, rows, lda) && inside(c, n, n, ldc), BLAS_INVALID_VALUE)
    blas_of<T>().syrk(COLUMN_MAJOR, cblas_fill(fill), cblas_op(op), n, k, *alpha, a, lda, *beta, c, ldc);
    return 0;
}

extern "C" {

int cublasCreate_v2(void** handle) {
    NEED(has_context() && load_openblas(), BLAS_NOT_INITIALIZED)
    create<Blas>(handle);
    return 0;
}

int cublasSetStream_v2(void* handle, void* stream) {
    NEED_BLAS(handle)
    NEED(is_stream(stream), BLAS_INVALID_VALUE)
    return 0;
}

int cublasGetVersion_v2(void* handle, int* version) {
    NEED_BLAS(handle)
    *version = 130000;
    return 0;
}

int cublasSetMathMode(void* handle, int) {
    NEED_BLAS(handle)
    return 0;
}

#define BOTH_PRECISIONS(letter, T) \
    int cublas##letter##gemm_v2(void* handle, int op_a, int op_b, int m, int n, int k, const T* alpha, const T* a, int lda, \
                                const T* b, int ldb, const T* beta, T* c, int ldc) { \
        return gemm(handle, op_a, op_b, m, n, k, alpha, a, lda, 0, b, ldb, 0, beta, c, ldc, 0, 1); \
    } \
    int cublas##letter##gemmStridedBatched( \
            void* handle, int op_a, int op_b, int m, int n, int k, const T* alpha, const T* a, int lda, long long step_a, \
            const T* b, int ldb, long long step_b, const T* beta, T* c, int ldc, long long step_c, int batch) { \
        return gemm(handle, op_a, op_b, m, n, k, alpha, a, lda, step_a, b, ldb, step_b, beta, c, ldc, step_c, batch); \
    } \
    int cublas##letter##syrk_v2(void* handle, int fill, int op, int n, int k, const T* alpha, const T* a, int lda, \
                                const T* beta, T* c, int ldc) { \
        return syrk(handle, fill, op, n, k, alpha, a, lda, beta, c, ldc); \
    }
BOTH_PRECISIONS(S, float)
BOTH_PRECISIONS(D, double)

int cublasDtrsm_v2(void* handle, int side, int fill, int op, int diagonal, int m, int n, const double* alpha, const double* a,
                   int lda, double* b, int ldb) {
    NEED_BLAS(handle)
    NEED(is_flag(side) && is_flag(fill) && is_op(op) && is_flag(diagonal) && m >= 0 && n >= 0 && alpha, BLAS_INVALID_VALUE)
    int order = side == 0 ? m : n;
    NEED(holds(lda, order) && holds(ldb, m), BLAS_INVALID_VALUE)
    NEED(inside(a, order, order, lda) && inside(b, n, m, ldb), BLAS_INVALID_VALUE)
    openblas.dtrsm(COLUMN_MAJOR, 141 + side, cblas_fill(fill), cblas_op(op), 131 + diagonal, m, n, *alpha, a, lda, b, ldb);
    return 0;
}

} // extern "C"

// ---- libcusolver. Workspaces are filled with NaN, as their contents are lost; LAPACK works in memory of its own.

#define NEED_SOLVER(handle) NEED(has_context() && find<Solver>(handle), SOLVER_NOT_INITIALIZED)

static const size_t SYEVD_HOST_BYTES = 64; // a card's library needs none or little: some, so that it is seen to be given

static int work_size(int rows, int columns) { return 64 * (std::max(rows, columns) + 1); }

static size_t syevd_bytes(int64_t order) { return sizeof(double) * (2 * order * order + 64 * (order + 1)); }

static bool take_workspace(void* workspace, size_t bytes, size_t needed) {
    return bytes >= needed && inside(workspace, bytes) && std::memset(workspace, POISON, bytes);
}

static bool take_numbers(double* work, int size, int needed) {
    return size >= needed && take_workspace(work, sizeof(double) * size, sizeof(double) * needed);
}

// LAPACK may search without end for what is not a number; a card's library does not look, and answers with what is none either
static bool finite(const double* a, int rows, int columns, int lda, int fill) {
    for (int c = 0; c < columns; c++) {
        int begin = fill == 0 ? c : 0, end = fill == 1 ? c + 1 : rows;
        if (!std::all_of(a + c * int64_t(lda) + begin, a + c * int64_t(lda) + end, [](double x) { return std::isfinite(x); })) {
            return false;
        }
    }
    return true;
}

static void fill_with_nan(double* a, int rows, int columns, int lda) {
    for (int c = 0; c < columns; c++) {
        std::fill_n(a + c * int64_t(lda), rows, std::numeric_limits<double>::quiet_NaN());
    }
}

extern "C" {

int cusolverDnCreate(void** handle) {
    NEED(has_context() && load_openblas(), SOLVER_NOT_INITIALIZED)
    create<Solver>(handle);
    return 0;
}

int cusolverDnSetStream(void* handle, void* stream) {
    NEED_SOLVER(handle)
    return is_stream(stream) ? 0 : SOLVER_INVALID_VALUE;
}

int cusolverDnCreateParams(void** params) {
    create<SolverParams>(params);
    return 0;
}

int cusolverDnXsyevd_bufferSize(void* handle, void* params, int vectors, int fill, int64_t n, int type_a, const void*,
                                int64_t lda, int type_w, const void*, int type_work, size_t* device_bytes, size_t* host_bytes) {
    NEED_SOLVER(handle)
    NEED(find<SolverParams>(params) && is_flag(vectors) && is_flag(fill) && n >= 0 && n <= INT32_MAX, SOLVER_INVALID_VALUE)
    NEED(type_a == 1 && type_w == 1 && type_work == 1 && lda >= std::max<int64_t>(1, n), SOLVER_INVALID_VALUE) // 1 is double
    *device_bytes = syevd_bytes(n);
    *host_bytes = SYEVD_HOST_BYTES;
    return 0;
}

int cusolverDnXsyevd(void* handle, void* params, int vectors, int fill, int64_t n, int type_a, double* a, int64_t lda, int type_w,
                     double* w, int type_work, void* device_work, size_t device_bytes, void* host_work, size_t host_bytes,
                     int* info) {
    size_t needed, host_needed;
    int status = cusolverDnXsyevd_bufferSize(
            handle, params, vectors, fill, n, type_a, a, lda, type_w, w, type_work, &needed, &host_needed);
    NEED(status == 0, status)
    NEED(inside(a, n, n, lda) && inside(w, 1, n, n) && inside(info, sizeof(int)), SOLVER_INVALID_VALUE)
    NEED(take_workspace(device_work, device_bytes, needed) && host_work && host_bytes >= host_needed, SOLVER_INVALID_VALUE)
    std::memset(host_work, POISON, host_bytes);
    int order = n, stride = lda, work_length = 1 + 6 * order + 2 * order * order, integers_length = 3 + 5 * order;
    if (!finite(a, order, order, stride, fill)) {
        fill_with_nan(w, order, 1, order);
        fill_with_nan(a, order, order, stride);
        *info = 0;
        return 0;
    }
    std::vector<double> work(work_length);
    std::vector<int> integers(integers_length);
    openblas.dsyevd(vectors ? "V" : "N", fill == 1 ? "U" : "L", &order, a, &stride, w, work.data(), &work_length, integers.data(),
            &integers_length, info, 1, 1);
    return 0;
}

int cusolverDnDpotrf_bufferSize(void* handle, int fill, int n, double*, int lda, int* size) {
    NEED_SOLVER(handle)
    NEED(is_flag(fill) && n >= 0 && holds(lda, n), SOLVER_INVALID_VALUE)
    *size = work_size(n, n);
    return 0;
}

int cusolverDnDpotrf(void* handle, int fill, int n, double* a, int lda, double* work, int size, int* info) {
    int needed;
    int status = cusolverDnDpotrf_bufferSize(handle, fill, n, a, lda, &needed);
    NEED(status == 0, status)
    NEED(inside(a, n, n, lda) && inside(info, sizeof(int))
            && take_numbers(work, size, needed), SOLVER_INVALID_VALUE)
    openblas.dpotrf(fill == 1 ? "U" : "L", &n, a, &lda, info, 1);
    return 0;
}

int cusolverDnDgeqrf_bufferSize(void* handle, int m, int n, double*, int lda, int* size) {
    NEED_SOLVER(handle)
    NEED(m >= 0 && n >= 0 && holds(lda, m), SOLVER_INVALID_VALUE)
    *size = work_size(m, n);
    return 0;
}

int cusolverDnDgeqrf(void* handle, int m, int n, double* a, int lda, double* tau, double* work, int size, int* info) {
    int needed;
    int status = cusolverDnDgeqrf_bufferSize(handle, m, n, a, lda, &needed);
    NEED(status == 0, status)
    NEED(inside(a, n, m, lda) && inside(tau, 1, std::min(m, n), 0) && inside(info, sizeof(int))
            && take_numbers(work, size, needed), SOLVER_INVALID_VALUE)
    std::vector<double> own(needed);
    openblas.dgeqrf(&m, &n, a, &lda, tau, own.data(), &needed, info);
    return 0;
}

int cusolverDnDorgqr_bufferSize(void* handle, int m, int n, int k, const double*, int lda, const double*, int* size) {
    NEED_SOLVER(handle)
    NEED(m >= n && n >= k && k >= 0 && holds(lda, m), SOLVER_INVALID_VALUE)
    *size = work_size(m, n);
    return 0;
}

int cusolverDnDorgqr(void* handle, int m, int n, int k, double* a, int lda, const double* tau, double* work, int size,
                     int* info) {
    int needed;
    int status = cusolverDnDorgqr_bufferSize(handle, m, n, k, a, lda, tau, &needed);
    NEED(status == 0, status)
    NEED(inside(a, n, m, lda) && inside(tau, 1, k, 0) && inside(info, sizeof(int))
            && take_numbers(work, size, needed), SOLVER_INVALID_VALUE)
    std::vector<double> own(needed);
    openblas.dorgqr(&m, &n, &k, a, &lda, tau, own.data(), &needed, info);
    return 0;
}

int cusolverDnDgesvd_bufferSize(void* handle, int m, int n, int* size) {
    NEED_SOLVER(handle)
    NEED(m >= n && n >= 0, SOLVER_INVALID_VALUE) // so does a card's library
    *size = work_size(m, n);
    return 0;
}

int cusolverDnDgesvd(void* handle, signed char job_u, signed char job_vt, int m, int n, double* a, int lda, double* s, double* u,
                     int ldu, double* vt, int ldvt, double* work, int size, double* rest, int* info) {
    int needed;
    int status = cusolverDnDgesvd_bufferSize(handle, m, n, &needed);
    NEED(status == 0, status)
    char jobs[] = {(char)job_u, (char)job_vt};
    for (char job : jobs) {
        NEED(std::memchr("ASON", job, 4), SOLVER_INVALID_VALUE)
    }
    int u_columns = jobs[0] == 'A' ? m : jobs[0] == 'S' ? n : 0;
    int vt_rows = jobs[1] == 'A' || jobs[1] == 'S' ? n : 0;
    NEED(!(jobs[0] == 'O' && jobs[1] == 'O') && holds(lda, m) && holds(ldu, u_columns ? m : 1) && holds(ldvt, vt_rows),
            SOLVER_INVALID_VALUE)
    NEED(inside(a, n, m, lda) && inside(s, 1, n, 0) && inside(u, u_columns, m, ldu) && inside(vt, n, vt_rows, ldvt)
            && inside(info, sizeof(int)) && (!rest || inside(rest, 1, n - 1, 0))
            && take_numbers(work, size, needed), SOLVER_INVALID_VALUE)
    if (!finite(a, m, n, lda, 2)) {
        fill_with_nan(s, n, 1, n);
        fill_with_nan(u, m, u_columns, ldu);
        fill_with_nan(vt, vt_rows, n, ldvt);
        *info = 0;
        return 0;
    }
    std::vector<double> own(needed);
    openblas.dgesvd(jobs, jobs + 1, &m, &n, a, &lda, s, u, &ldu, vt, &ldvt, own.data(), &needed, info, 1, 1);
    return 0;
}

} // extern "C"
