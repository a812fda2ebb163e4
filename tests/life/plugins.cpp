// Two shared objects that contain the library work in one process, are independent of each other, and can be unloaded and loaded again.
#include <dlfcn.h>

#include <cstdio>
#include <cstdlib>
#include <thread>

namespace {

struct Plugin {
  explicit Plugin(const char* path) : handle(dlopen(path, RTLD_NOW | RTLD_LOCAL)) {
    if (handle == nullptr) {
      std::fprintf(stderr, "%s\n", dlerror());
      std::_Exit(1);
    }
    work = reinterpret_cast<void (*)(const char*)>(dlsym(handle, "chainrule_life_work"));
    threads = reinterpret_cast<int (*)(int)>(dlsym(handle, "chainrule_life_threads"));
  }
  void close() const {
    if (dlclose(handle) != 0) std::_Exit(1);
  }

  void* handle;
  void (*work)(const char*);
  int (*threads)(int);
};

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) return 2;
  for (int i = 0; i < 4; ++i) {
    const Plugin a(argv[1]), b(argv[2]);
    a.threads(2);
    b.threads(3);
    if (a.threads(0) != 2 || b.threads(0) != 3) {
      std::fputs("the shared objects share the number of threads\n", stderr);
      return 1;
    }
    a.work("the first");
    b.work("the second");
    std::thread([&] {
      a.work("a thread in the first");
      b.work("a thread in the second");
    }).join();
    if (i % 2 == 0) {
      a.close();
      b.work("the second after the first was closed");
      b.close();
    } else {
      std::thread([&] {
        b.work("the second in a thread");
        b.close();
      }).join();
      a.work("the first after the second was closed");
      a.close();
    }
  }
  return 0;
}
