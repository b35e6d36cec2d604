// What container runtimes write down of a container, each in its own file. Pure; the texts hold
// labels that whoever made the image or the pod chose, so everything is bounded.
#pragma once

#include <string>
#include <string_view>

#include "agent/llm/exchange.h"

namespace sonde::app {

struct RuntimeFacts {
  std::string name;
  std::string image;
  llm::Kubernetes kubernetes;  // what annotations say of the pod; all empty outside Kubernetes
};

// Each adds to `facts` what it finds and answers false where the text is not of its kind.

// Docker: containers/ID/config.v2.json.
bool read_docker_config(std::string_view text, RuntimeFacts& facts);
// config.json of an OCI bundle (annotations of containerd's CRI plugin, CRI-O and nerdctl).
bool read_bundle_config(std::string_view text, RuntimeFacts& facts);
// containers/storage: containers.json or volatile-containers.json, of CRI-O and Podman.
bool read_storage_list(std::string_view text, std::string_view id, RuntimeFacts& facts);
// runc: state.json, whose labels are the annotations and the bundle's path.
bool read_runc_state(std::string_view text, RuntimeFacts& facts);

}  // namespace sonde::app
