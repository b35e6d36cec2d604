#include "agent/attach/return_walk.h"

#include <algorithm>

#include <fmt/format.h>

namespace sonde::attach {
namespace {

constexpr uint64_t kNearBytes = 32 << 10;

}  // namespace

Returns ReturnWalk::run(uint64_t entry, uint64_t size_bytes) {
  Body body{.entry = entry};
  if (size_bytes > 0 && size_bytes <= image_.file_size() && entry <= UINT64_MAX - size_bytes) {
    body.extent = {entry, entry + size_bytes};
  } else if (const auto range = unwind_.function_at(entry)) {
    body.extent = *range;
  }
  bodies_.push_back(std::move(body));
  pending_.push_back({entry, 0, {}});
  while (!pending_.empty()) {
    const Work work = pending_.front();
    pending_.pop_front();
    walk(work);
  }
  return result();
}

void ReturnWalk::walk(Work work) {
  while (true) {
    const Body& body = bodies_[work.body];
    // Behind a call that never returns may stand the next function.
    if (work.address != body.entry && !inside(work.address, body)) return;
    if (!visited_.emplace(work.address, work.body).second) return;
    if (visited_.size() > image_.limits().instructions_per_function) {
      pending_.clear();
      return refuse("the function is longer than the limit");
    }
    const auto instruction = disassembler_.decode(work.address);
    if (!instruction) return refuse(fmt::format("no instruction at {:#x}", work.address));
    if (!step(*instruction, work)) return;
    work.trace.push(work.address);
    work.address = instruction->next();
  }
}

bool ReturnWalk::step(const Instruction& instruction, Work& work) {
  switch (instruction.flow) {
    case Flow::kNext:
    case Flow::kCall:
      return true;
    case Flow::kReturn:
      returns_.emplace_back(instruction.address, work.body);
      ++bodies_[work.body].own_returns;
      return false;
    case Flow::kBranch:
      work.trace.push(instruction.address);
      go_to(instruction.target, work);
      return true;
    case Flow::kJump:
      go_to(instruction.target, work);
      return false;
    case Flow::kIndirectJump:
      on_indirect_jump(instruction, work);
      return false;
    case Flow::kStop:
      return false;
  }
  return false;
}

bool ReturnWalk::inside(uint64_t target, const Body& body) const {
  if (body.extent.size() > 0) return body.extent.contains(target);
  return target == body.entry || !known_starts_.contains(target);
}

void ReturnWalk::go_to(uint64_t target, const Work& from) {
  if (!image_.is_code(target)) return refuse(fmt::format("a jump to {:#x}, not code", target));
  if (inside(target, bodies_[from.body])) {
    pending_.push_back({target, from.body, from.trace});
    return;
  }
  leave_to(target, from);
}

void ReturnWalk::leave_to(uint64_t target, const Work& from) {
  const size_t body = body_of(target);
  if (bodies_.size() > image_.limits().tail_jumps) return refuse("too many tail jumps");
  if (body == 0) bodies_[from.body].rejoins = true;
  std::vector<size_t>& leaves_to = bodies_[from.body].leaves_to;
  if (std::find(leaves_to.begin(), leaves_to.end(), body) == leaves_to.end()) {
    leaves_to.push_back(body);
  }
  pending_.push_back({target, body, {}});
}

size_t ReturnWalk::body_of(uint64_t target) {
  for (size_t i = 0; i < bodies_.size(); ++i) {
    if (bodies_[i].entry == target || bodies_[i].extent.contains(target)) return i;
  }
  Body body{.entry = target};
  if (const auto range = unwind_.function_at(target)) body.extent = *range;
  bodies_.push_back(std::move(body));
  return bodies_.size() - 1;
}

void ReturnWalk::on_indirect_jump(const Instruction& instruction, Work& work) {
  const JumpTargets jump = resolve_indirect_jump(disassembler_, instruction.address, work.trace);
  switch (jump.kind) {
    case JumpKind::kStub:
      return leave_to(jump.targets.front(), work);
    case JumpKind::kTable:
      for (const uint64_t target : jump.targets) go_to(target, work);
      return;
    case JumpKind::kTableUnresolved:
      if (bodies_[work.body].extent.size() > 0) return sweep(work.body);
      return refuse(
          fmt::format("the jump table used at {:#x} has no certain bounds", instruction.address));
    case JumpKind::kForeign:
      return refuse(fmt::format("leaves by a tail jump to '{}' of another file", jump.symbol));
    case JumpKind::kPointer:
      return refuse(
          fmt::format("leaves by a jump through a pointer at {:#x}", instruction.address));
  }
}

// A switch whose table cannot be bounded still jumps only inside the function: then every
// instruction of its known extent is walked, if the extent decodes as one clean sequence in which
// everything walked so far stands on instruction boundaries.
void ReturnWalk::sweep(size_t body) {
  if (std::exchange(bodies_[body].swept, true)) return;
  const Range extent = bodies_[body].extent;
  std::unordered_set<uint64_t> boundaries;
  for (uint64_t at = extent.begin; at < extent.end;) {
    const auto instruction = disassembler_.decode(at);
    if (!instruction || boundaries.size() > image_.limits().instructions_per_function) {
      return refuse("a jump table without certain bounds in code that does not decode");
    }
    boundaries.insert(at);
    at = instruction->next();
  }
  for (const auto& [address, owner] : visited_) {
    if (owner == body && !boundaries.contains(address)) {
      return refuse("a jump table without certain bounds among data");
    }
  }
  for (const uint64_t address : boundaries) {
    if (!visited_.contains(address)) pending_.push_back({address, body, {}});
  }
}

// Without known extents a jump far away counts as one to code that others use too, such as an
// epilogue that the compiler outlined.
bool ReturnWalk::is_shared(uint64_t address, const Body& body) const {
  if (&body != &bodies_.front()) return !body.rejoins;
  const bool near = address >= body.entry && address - body.entry < kNearBytes;
  return body.extent.size() == 0 && !near;
}

// Follows bodies that only jump on (a stub, then perhaps its PLT entry) to the first that does
// work.
std::optional<uint64_t> ReturnWalk::forwards_to() const {
  size_t at = 0;
  for (size_t hops = 0; hops < bodies_.size(); ++hops) {
    const Body& body = bodies_[at];
    if (body.own_returns > 0 || body.leaves_to.size() != 1 || body.swept || body.rejoins) break;
    at = body.leaves_to.front();
  }
  const Body& target = bodies_[at];
  const bool whole = target.extent.size() == 0 || target.extent.begin == target.entry;
  if (at == 0 || !whole || target.rejoins) return std::nullopt;
  return target.entry;
}

Returns ReturnWalk::result() const {
  Returns result;
  for (const auto& [address, body] : visited_) {
    if (body == 0 || bodies_[body].rejoins) result.instructions.push_back(address);
  }
  std::sort(result.instructions.begin(), result.instructions.end());
  result.refused = refused_;
  if (refused_.empty() && returns_.empty()) result.refused = "no RET is reached";
  result.forwards_to = forwards_to();
  if (!result.refused.empty()) return result;
  for (const auto& [address, body] : returns_) {
    const auto offset = image_.offset_of(address);
    if (!offset) continue;
    result.sites.push_back({*offset, is_shared(address, bodies_[body])});
  }
  std::sort(result.sites.begin(), result.sites.end(),
            [](const ReturnSite& a, const ReturnSite& b) { return a.file_offset < b.file_offset; });
  return result;
}

}  // namespace sonde::attach
