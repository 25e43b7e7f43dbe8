/* A stand-in for one shared library of CUDA, so that one binary runs with and without it.
 *
 * Each function of the library is here a jump through a slot. The first call finds the real function with dlopen and dlsym and
 * leaves its address in the slot; where there is none, the slot gets a function that answers with an error of the library's own,
 * which is what the program sees on a machine without a GPU.
 *
 * Compiled once a library by stand_ins.py, with
 *   SONAME     the real library, e.g. "libcublas.so.13"
 *   MISSING    the error to answer with, a member of the library's own enumeration
 *   FUNCTIONS  a file of lines FUNCTION(index, name, kind)
 * Everything but the functions is local to the object, so that the stand-ins of several libraries link together. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#if !defined(__x86_64__) || !defined(__linux__)
#error "written for the calling convention of x86-64 Linux; elsewhere build with an installed CUDA toolkit"
#endif

/* What a missing function returns. */
enum kind { STATUS, TEXT, NOTHING, TEXT_BY_POINTER };

static const struct {
  const char *name;
  enum kind kind;
} functions[] = {
#define FUNCTION(index, name, kind) {#name, kind},
#include FUNCTIONS
#undef FUNCTION
};

#define KEPT __attribute__((used))
static KEPT void *slots[sizeof functions / sizeof *functions];
static void *library;

static void *open_in(const char *directory) {
  char path[4096];
  int length = snprintf(path, sizeof path, "%s/%s", directory, SONAME);
  return length < (int)sizeof path ? dlopen(path, RTLD_NOW | RTLD_GLOBAL) : NULL;
}

static int traced(void) { return getenv("REGARD_CUDA_TRACE") != NULL; }

static void open_library(void) {
  /* The driver's library belongs to the driver that runs: it is never taken from a folder of our choice. */
  const int driver = strcmp(SONAME, "libcuda.so.1") == 0;
  const char *chosen = getenv("REGARD_CUDA_LIBRARIES"), *found = "REGARD_CUDA_LIBRARIES";
  if (!driver && chosen && *chosen) library = open_in(chosen);
  if (!library) {
    found = "the usual places";
    library = dlopen(SONAME, RTLD_NOW | RTLD_GLOBAL);
  }
  if (!library) library = open_in(found = driver ? "/usr/local/nvidia/lib64" : "/usr/local/cuda/lib64");
  if (traced()) fprintf(stderr, "cuda: %s: %s\n", SONAME, library ? found : "not found");
}

static const char missing_text[] = SONAME " or a function of it was not found";
static long missing_status(void) { return MISSING; }
static const char *answer_text(void) { return missing_text; }
static long answer_nothing(void) { return 0; }
static long answer_text_by_pointer(int code, const char **text) {
  (void)code;
  if (text) *text = missing_text;
  return 0;
}

static KEPT void *find(unsigned index) {
  static pthread_once_t once = PTHREAD_ONCE_INIT;
  static void *const missing[] = {
      [STATUS] = (void *)missing_status,
      [TEXT] = (void *)answer_text,
      [NOTHING] = (void *)answer_nothing,
      [TEXT_BY_POINTER] = (void *)answer_text_by_pointer,
  };
  pthread_once(&once, open_library);
  void *function = library ? dlsym(library, functions[index].name) : NULL;
  if (!function) {
    if (traced()) fprintf(stderr, "cuda: %s: no %s\n", SONAME, functions[index].name);
    function = missing[functions[index].kind];
  }
  /* Two threads may come here at once: both store the same. */
  __atomic_store_n(&slots[index], function, __ATOMIC_RELEASE);
  return function;
}

/* Called with the index on the stack above the caller's return address: keeps every register that may hold an argument, asks
 * `find`, and jumps on as if the caller had called the real function. */
__asm__(
    ".text\n"
    ".p2align 4\n"
    "find_and_jump:\n"
    "  .cfi_startproc\n"
    "  .cfi_def_cfa_offset 16\n"
    "  pushq %rbp\n"
    "  .cfi_def_cfa_offset 24\n"
    "  .cfi_offset %rbp, -24\n"
    "  movq %rsp, %rbp\n"
    "  .cfi_def_cfa_register %rbp\n"
    "  subq $192, %rsp\n"
    "  andq $-16, %rsp\n"
    "  movaps %xmm0, (%rsp)\n  movaps %xmm1, 16(%rsp)\n  movaps %xmm2, 32(%rsp)\n  movaps %xmm3, 48(%rsp)\n"
    "  movaps %xmm4, 64(%rsp)\n  movaps %xmm5, 80(%rsp)\n  movaps %xmm6, 96(%rsp)\n  movaps %xmm7, 112(%rsp)\n"
    "  movq %rdi, 128(%rsp)\n  movq %rsi, 136(%rsp)\n  movq %rdx, 144(%rsp)\n  movq %rcx, 152(%rsp)\n"
    "  movq %r8, 160(%rsp)\n  movq %r9, 168(%rsp)\n  movq %rax, 176(%rsp)\n"
    "  movl 8(%rbp), %edi\n"
    "  call find\n"
    "  movq %rax, %r11\n"
    "  movaps (%rsp), %xmm0\n  movaps 16(%rsp), %xmm1\n  movaps 32(%rsp), %xmm2\n  movaps 48(%rsp), %xmm3\n"
    "  movaps 64(%rsp), %xmm4\n  movaps 80(%rsp), %xmm5\n  movaps 96(%rsp), %xmm6\n  movaps 112(%rsp), %xmm7\n"
    "  movq 128(%rsp), %rdi\n  movq 136(%rsp), %rsi\n  movq 144(%rsp), %rdx\n  movq 152(%rsp), %rcx\n"
    "  movq 160(%rsp), %r8\n  movq 168(%rsp), %r9\n  movq 176(%rsp), %rax\n"
    "  leave\n"
    "  .cfi_def_cfa %rsp, 16\n"
    "  addq $8, %rsp\n"
    "  .cfi_def_cfa_offset 8\n"
    "  jmp *%r11\n"
    "  .cfi_endproc\n");

#define FUNCTION(index, name, kind)                     \
  __asm__(".text\n"                                     \
          ".p2align 4\n"                                \
          ".hidden " #name "\n"                         \
          ".globl " #name "\n"                          \
          ".type " #name ",@function\n" #name ":\n"     \
          "  .cfi_startproc\n"                          \
          "  movq 8*" #index "+slots(%rip), %r11\n"     \
          "  testq %r11, %r11\n"                        \
          "  jz 1f\n"                                   \
          "  jmp *%r11\n"                               \
          "1:\n"                                        \
          "  pushq $" #index "\n"                       \
          "  .cfi_def_cfa_offset 16\n"                  \
          "  jmp find_and_jump\n"                       \
          "  .cfi_endproc\n"                            \
          ".size " #name ", .-" #name "\n");
#include FUNCTIONS
