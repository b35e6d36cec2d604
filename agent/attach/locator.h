// Finds the functions of TLS stacks in one ELF file: the library call behind `sonde locate`.
//
// A file is read only with pread into bounded buffers: no mapping, so a file that is truncated or
// rewritten while it is read gives a short read, never SIGBUS. A wrong answer is worse than none:
// every locator verifies what it found, refuses ambiguity, and says why.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "agent/base/result.h"

namespace sonde::attach {

enum class Stack : uint8_t { kOpenSsl, kBoringSsl, kGnuTls, kNss, kGo, kRustls };

// By which evidence a target was found; the names are those of `capture.located_by`.
enum class LocatedBy : uint8_t { kSymbol, kXref, kGopclntab, kPattern, kAead };

// What a probe must know about a function: its calling convention and its meaning.
enum class Function : uint8_t {
  // OpenSSL and BoringSSL.
  kSslRead,         // int SSL_read(SSL*, void*, int)
  kSslReadEx,       // int SSL_read_ex(SSL*, void*, size_t, size_t* read)
  kSslWrite,        // int SSL_write(SSL*, const void*, int)
  kSslWriteEx,      // int SSL_write_ex(SSL*, const void*, size_t, size_t* written)
  kSslFree,         // void SSL_free(SSL*): entry only, ends the connection
  kSslDoHandshake,  // int SSL_do_handshake(SSL*): entry only
  // GnuTLS.
  kGnutlsRecordSend,     // ssize_t (session, const void*, size_t)
  kGnutlsRecordSend2,    // ssize_t (session, const void*, size_t, size_t pad, unsigned flags)
  kGnutlsRecordRecv,     // ssize_t (session, void*, size_t)
  kGnutlsRecordRecvSeq,  // ssize_t (session, void*, size_t, unsigned char* seq)
  kGnutlsDeinit,         // void (session): entry only
  // NSS, inside libssl3: the layer below NSPR's method table.
  kNssSend,   // int ssl_Send/ssl_SecureSend (see FunctionSite::symbol)
  kNssRecv,   // int ssl_Recv/ssl_SecureRecv
  kNssWrite,  // int ssl_Write(PRFileDesc*, const void*, int)
  kNssRead,   // int ssl_Read(PRFileDesc*, void*, int)
  kNssClose,  // int ssl_Close(PRFileDesc*): entry only
  // Go, crypto/tls: ABIInternal since 1.17 (amd64) and 1.18 (arm64).
  kGoRead,   // func (*Conn).Read([]byte) (int, error)
  kGoWrite,  // func (*Conn).Write([]byte) (int, error)
  kGoClose,  // func (*Conn).Close() error: entry only
  // aws-lc, below rustls: EVP_AEAD_CTX_{seal,seal_scatter,open,open_gather}.
  kAeadSeal,
  kAeadSealScatter,
  kAeadOpen,
  kAeadOpenGather,
  // ring, below rustls: assembly, entry only but for the last.
  kRingGcmEnc,  // aes_gcm_enc_update_*, aesni_gcm_encrypt (in, out, len, key, ivec, Htable, Xi)
  kRingGcmDec,  // aes_gcm_dec_update_*, aesni_gcm_decrypt: the same arguments
  kRingCtr32,   // aes_hw_ctr32_encrypt_blocks(in, out, blocks, key, ivec)
  // Before ring 0.17: (in, out, len, key, ivec, context), and Xi begins the context.
  kRingGcmContextEnc,
  kRingGcmContextDec,
  kRingChachaSeal,  // chacha20_poly1305_seal*(out, in, len, ad, ad_len, key and nonce)
  kRingChachaOpen,  // chacha20_poly1305_open*: the same arguments
};

// One RET instruction that ends a call of the function.
struct ReturnSite {
  uint64_t file_offset = 0;
  // Other functions return here too (a tail-called function with callers of its own): a hit without
  // a remembered entry is then normal.
  bool shared = false;

  bool operator==(const ReturnSite&) const = default;
};

struct FunctionSite {
  Function function{};
  std::string symbol;        // the name in the file, or the name it has in the sources
  uint64_t address = 0;      // virtual address as linked
  uint64_t file_offset = 0;  // where a uprobe goes
  // Every RET reached from the entry, tail jumps followed; sorted by offset. Empty for functions
  // that need only an entry probe, and where `returns_refused` says why they could not be decided.
  std::vector<ReturnSite> returns;
  std::string returns_refused;
  std::string evidence;
};

struct TlsTarget {
  Stack stack{};
  std::string flavour;  // rustls: "aws-lc" or "ring"; else empty
  std::string version;  // "OpenSSL 3.0.15", "go1.23.2"; empty when the file does not say
  LocatedBy located_by{};
  std::vector<FunctionSite> functions;  // each Function at most once per address
  std::string evidence;
};

// A stack that shows in the file, and why it is not offered as a target.
struct Refusal {
  Stack stack{};
  std::string reason;
};

struct LocateReport {
  std::string build_id;  // lower-case hex of NT_GNU_BUILD_ID (or Go's, hashed); may be empty
  std::string machine;   // "x86-64", "arm64"
  std::vector<TlsTarget> targets;
  std::vector<Refusal> refusals;
  // Without a target or a refusal: what was looked for, and where else a stack may be.
  std::string nothing_found;
};

// Bounds of one search; what a hostile file can grow ends here.
struct LocateLimits {
  size_t segments = 256;
  size_t sections = 4096;
  size_t symbols = 4'000'000;
  // Largest table (symbols, strings, pclntab) read as a whole.
  size_t table_bytes = size_t{192} << 20;
  // Bytes of code and read-only data searched per pass.
  uint64_t scanned_bytes = uint64_t{2} << 30;
  size_t instructions_per_function = 20'000;
  // Instructions decoded over the whole search: what ends it however a file is made.
  size_t instructions = 4'000'000;
  size_t tail_jumps = 16;
  // Threads of a pass over large code.
  unsigned threads = 2;
  // References to one anchor string, candidates of one role.
  size_t references = 1'000'000;
  size_t candidates = 4'096;
};

// Searches the file for every stack known. Fails when the file cannot be read or is no ELF file of
// a known machine; a file without a TLS stack is a report without targets. Thread-safe.
Result<LocateReport> locate(const std::filesystem::path& file, const LocateLimits& limits = {});

// The same over an image already open.
class ElfImage;
LocateReport locate(const ElfImage& image);

std::string_view to_string(Stack stack);           // "openssl", as in capture.tls
std::string_view to_string(LocatedBy located_by);  // "symbol", as in capture.located_by
std::string_view to_string(Function function);     // "ssl_read": Sonde's name of the role

// False for functions that only need a probe at their entry.
bool needs_returns(Function function);

}  // namespace sonde::attach
