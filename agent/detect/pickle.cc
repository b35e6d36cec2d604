#include "agent/detect/pickle.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string_view>

namespace sonde::detect {

namespace {

constexpr size_t kPickles = 64;       // one after the other
constexpr size_t kLongestName = 256;  // of a module or a member of it
constexpr size_t kMemo = 65536;

// How the argument of an opcode is laid out.
enum class Argument : uint8_t {
  kUnknown,
  kNone,
  k1,
  k2,
  k4,
  k8,
  kLine,
  kTwoLines,
  kSized1,  // a length of one byte, then as many
  kSized4,
  kSized8,
};

struct Layout {
  std::string_view opcodes;
  Argument argument;
};
constexpr auto kLayouts = std::to_array<Layout>(
    {{"(.012NRQabde}lo])stu\x81\x85\x86\x87\x88\x89\x8f\x90\x91\x92\x93\x94\x97\x98",
      Argument::kNone},
     {"Khq\x80\x82", Argument::k1},
     {"M\x83", Argument::k2},
     {"Jjr\x84", Argument::k4},
     {"G\x95", Argument::k8},
     {"FILPSVgp", Argument::kLine},
     {"ci", Argument::kTwoLines},
     {"UC\x8a\x8c", Argument::kSized1},
     {"TXB\x8b", Argument::kSized4},
     {"\x8d\x8e\x96", Argument::kSized8}});

constexpr std::array<Argument, 256> make_table() {
  std::array<Argument, 256> table{};
  for (const Layout& layout : kLayouts) {
    for (const char c : layout.opcodes) table[static_cast<unsigned char>(c)] = layout.argument;
  }
  return table;
}
constexpr std::array<Argument, 256> kTable = make_table();

// Modules whose members run code, start programs, or reach files and the network.
constexpr auto kModules = std::to_array<std::string_view>({"os",
                                                           "posix",
                                                           "nt",
                                                           "subprocess",
                                                           "sys",
                                                           "pty",
                                                           "socket",
                                                           "runpy",
                                                           "importlib",
                                                           "shutil",
                                                           "pip",
                                                           "webbrowser",
                                                           "ctypes",
                                                           "commands",
                                                           "popen2",
                                                           "asyncio",
                                                           "code",
                                                           "codeop",
                                                           "timeit",
                                                           "bdb",
                                                           "pdb",
                                                           "cProfile",
                                                           "profile",
                                                           "trace",
                                                           "requests",
                                                           "urllib",
                                                           "urllib2",
                                                           "http",
                                                           "httplib",
                                                           "aiohttp",
                                                           "smtplib",
                                                           "ftplib",
                                                           "telnetlib",
                                                           "paramiko",
                                                           "pickle",
                                                           "_pickle",
                                                           "marshal",
                                                           "types",
                                                           "torch.hub",
                                                           "numpy.f2py",
                                                           "multiprocessing",
                                                           "threading",
                                                           "signal",
                                                           "platform",
                                                           "pathlib",
                                                           "tempfile",
                                                           "zipimport",
                                                           "pkgutil",
                                                           "site",
                                                           "venv",
                                                           "distutils",
                                                           "setuptools",
                                                           "doctest",
                                                           "unittest",
                                                           "ensurepip",
                                                           "idlelib",
                                                           "lib2to3",
                                                           "test",
                                                           "linecache"});

struct Member {
  std::string_view module;
  std::string_view name;
};
constexpr auto kMembers = std::to_array<Member>({
    {"builtins", "eval"},
    {"builtins", "exec"},
    {"builtins", "compile"},
    {"builtins", "open"},
    {"builtins", "__import__"},
    {"builtins", "getattr"},
    {"builtins", "setattr"},
    {"builtins", "delattr"},
    {"builtins", "globals"},
    {"builtins", "locals"},
    {"builtins", "vars"},
    {"builtins", "breakpoint"},
    {"builtins", "input"},
    {"builtins", "execfile"},
    {"builtins", "apply"},
    {"operator", "attrgetter"},
    {"operator", "methodcaller"},
    {"functools", "partial"},
    {"functools", "reduce"},
    {"torch", "load"},
    {"numpy", "load"},
    {"joblib", "load"},
    {"dill", "loads"},
    {"cloudpickle", "loads"},
    {"torch.serialization", "load"},
    {"numpy.testing._private.utils", "runstring"},
    {"pydoc", "locate"},
    {"pydoc", "pipepager"},
    {"logging.config", "listen"},
});

class Scanner {
 public:
  explicit Scanner(Bytes bytes) : left_(bytes) {}

  PickleReport run() {
    report_.is_pickle = begins_like_a_pickle();
    for (size_t i = 0; i < kPickles && report_.is_pickle; ++i) {
      if (!one_pickle()) return std::move(report_);
      report_.whole = true;
      if (left_.empty() || peek() != 0x80) break;  // tensors, or nothing
      report_.whole = false;
    }
    return std::move(report_);
  }

 private:
  uint8_t peek() const { return static_cast<uint8_t>(left_.front()); }

  // Protocol 2 and later say so. The older ones are text: one must be read to its end to be
  // believed.
  bool begins_like_a_pickle() const {
    if (left_.size() < 2) return false;
    if (peek() == 0x80) return static_cast<uint8_t>(left_[1]) <= 5;
    constexpr std::string_view kFirst = "(c]}d";
    return kFirst.find(static_cast<char>(peek())) != kFirst.npos;
  }

  // False where it ends early or holds what no opcode is.
  bool one_pickle() {
    texts_.clear();
    memo_.clear();
    while (!left_.empty()) {
      const uint8_t opcode = peek();
      left_ = left_.subspan(1);
      if (!step(opcode)) return false;
      if (opcode == '.') return true;
    }
    return false;
  }

  std::optional<std::string_view> line() {
    const auto* text = reinterpret_cast<const char*>(left_.data());
    const std::string_view all(text, left_.size());
    const size_t end = all.find('\n');
    if (end == all.npos) return std::nullopt;
    left_ = left_.subspan(end + 1);
    return all.substr(0, end);
  }

  std::optional<uint64_t> number(size_t size) {
    if (left_.size() < size) return std::nullopt;
    uint64_t value = 0;
    for (size_t i = 0; i < size; ++i) value |= static_cast<uint64_t>(left_[i]) << (8 * i);
    left_ = left_.subspan(size);
    return value;
  }

  std::optional<std::string_view> sized(size_t size_of_length) {
    const auto length = number(size_of_length);
    if (!length || *length > left_.size()) return std::nullopt;
    const std::string_view text(reinterpret_cast<const char*>(left_.data()),
                                static_cast<size_t>(*length));
    left_ = left_.subspan(static_cast<size_t>(*length));
    return text;
  }

  bool step(uint8_t opcode) {
    switch (kTable[opcode]) {
      case Argument::kUnknown:
        return false;
      case Argument::kNone:
        plain(opcode);
        return true;
      case Argument::k1:
      case Argument::k2:
      case Argument::k4:
      case Argument::k8:
        return with_number(opcode);
      case Argument::kLine:
        return with_line(opcode);
      case Argument::kTwoLines: {
        const auto module = line();
        const auto name = module ? line() : std::nullopt;
        if (!name) return false;
        import(*module, *name);
        report_.calls = report_.calls || opcode == 'i';
        return true;
      }
      case Argument::kSized1:
        return with_text(opcode, sized(1));
      case Argument::kSized4:
        return with_text(opcode, sized(4));
      case Argument::kSized8:
        return with_text(opcode, sized(8));
    }
    return false;
  }

  void plain(uint8_t opcode) {
    constexpr std::string_view kCalls = "Rob\x81\x92";
    if (kCalls.find(static_cast<char>(opcode)) != kCalls.npos) report_.calls = true;
    if (opcode == 0x93 && texts_.size() >= 2) {  // STACK_GLOBAL: the two texts below
      import(texts_[texts_.size() - 2], texts_.back());
    }
    if (opcode == 0x94 && !texts_.empty()) remember(memo_size_++);  // MEMOIZE
    if (opcode == 0x94 && texts_.empty()) ++memo_size_;
  }

  bool with_number(uint8_t opcode) {
    const Argument argument = kTable[opcode];
    const auto value = number(argument == Argument::k1   ? 1
                              : argument == Argument::k2 ? 2
                              : argument == Argument::k4 ? 4
                                                         : 8);
    if (!value) return false;
    if (opcode == 'q' || opcode == 'r') remember(*value);  // BINPUT
    if (opcode == 'h' || opcode == 'j') recall(*value);    // BINGET
    return true;
  }

  bool with_line(uint8_t opcode) {
    auto text = line();
    if (!text) return false;
    if (opcode == 'S' && text->size() >= 2) text = text->substr(1, text->size() - 2);  // quotes
    if (opcode == 'S' || opcode == 'V') push(*text);
    if (opcode == 'p' || opcode == 'g') {
      uint64_t index = 0;
      for (const char c : text->substr(0, 9)) {
        if (c >= '0' && c <= '9') index = index * 10 + static_cast<uint64_t>(c - '0');
      }
      if (opcode == 'p') remember(index);
      if (opcode == 'g') recall(index);
    }
    return true;
  }

  bool with_text(uint8_t opcode, std::optional<std::string_view> text) {
    if (!text) return false;
    const bool words =
        opcode == 'U' || opcode == 'T' || opcode == 'X' || opcode == 0x8c || opcode == 0x8d;
    if (words) push(*text);
    return true;
  }

  void push(std::string_view text) {
    texts_.push_back(text.substr(0, kLongestName));
    if (texts_.size() > 16) texts_.erase(texts_.begin(), texts_.begin() + 8);
  }
  void remember(uint64_t index) {
    if (!texts_.empty() && memo_.size() < kMemo) memo_[index] = texts_.back();
  }
  void recall(uint64_t index) {
    if (const auto known = memo_.find(index); known != memo_.end()) push(known->second);
  }

  void import(std::string_view module, std::string_view name) {
    module = module.substr(0, kLongestName);
    name = name.substr(0, kLongestName);
    std::string whole(module);
    whole.append(".").append(name);
    const auto add = [&](std::vector<std::string>& list) {
      if (list.size() < kPickleImports && std::find(list.begin(), list.end(), whole) == list.end())
        list.push_back(whole);
    };
    add(report_.imports);
    if (is_dangerous_import(module, name)) add(report_.dangerous);
  }

  Bytes left_;
  PickleReport report_;
  std::vector<std::string_view> texts_;  // pushed last; views into the bytes
  std::map<uint64_t, std::string_view> memo_;
  uint64_t memo_size_ = 0;
};

}  // namespace

bool is_dangerous_import(std::string_view module, std::string_view name) {
  if (module == "__builtin__") module = "builtins";
  // "os" and all below it: "os.path" has functions that lead back to os.
  for (const std::string_view one : kModules) {
    if (module == one || (module.starts_with(one) && module[one.size()] == '.')) return true;
  }
  // STACK_GLOBAL may name a member of a member: "nn.os.system".
  if (name.find('.') != name.npos) {
    for (const std::string_view one :
         {"os.", "sys.", "subprocess.", "__builtins__", "__globals__"}) {
      if (name.find(one) != name.npos) return true;
    }
  }
  return std::any_of(kMembers.begin(), kMembers.end(), [&](const Member& member) {
    return member.module == module && member.name == name;
  });
}

PickleReport scan_pickle(Bytes bytes) { return Scanner(bytes).run(); }

}  // namespace sonde::detect
