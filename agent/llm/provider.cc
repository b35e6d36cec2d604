#include "agent/llm/provider.h"

#include <array>

namespace sonde::llm {
namespace {

struct HostProvider {
  std::string_view suffix;  // the host itself or a domain above it
  std::string_view provider;
};
constexpr auto kHosts = std::to_array<HostProvider>({
    {"api.openai.com", "openai"},
    {"openai.com", "openai"},
    {"chatgpt.com", "openai"},
    {"openai.azure.com", "azure.ai.openai"},
    {"cognitiveservices.azure.com", "azure.ai.openai"},
    {"openai.azure.us", "azure.ai.openai"},
    {"openai.azure.cn", "azure.ai.openai"},
    {"services.ai.azure.com", "azure.ai.inference"},
    {"models.ai.azure.com", "azure.ai.inference"},
    {"inference.ai.azure.com", "azure.ai.inference"},
    {"models.inference.ai.azure.com", "azure.ai.inference"},
    {"models.github.ai", "azure.ai.inference"},
    {"anthropic.com", "anthropic"},
    {"generativelanguage.googleapis.com", "gcp.gemini"},
    {"aiplatform.googleapis.com", "gcp.vertex_ai"},
    {"groq.com", "groq"},
    {"deepseek.com", "deepseek"},
    {"x.ai", "x_ai"},
    {"mistral.ai", "mistral_ai"},
    {"cohere.com", "cohere"},
    {"cohere.ai", "cohere"},
    {"perplexity.ai", "perplexity"},
    {"ml.cloud.ibm.com", "ibm.watsonx.ai"},
    {"openrouter.ai", "openrouter"},
    {"together.xyz", "together_ai"},
    {"together.ai", "together_ai"},
    {"fireworks.ai", "fireworks_ai"},
    {"huggingface.co", "huggingface"},
    {"huggingface.cloud", "huggingface"},
    {"api.writer.com", "writer"},
    {"api.ai21.com", "ai21"},
    {"replicate.com", "replicate"},
    {"voyageai.com", "voyageai"},
    {"aleph-alpha.com", "aleph_alpha"},
    {"cerebras.ai", "cerebras"},
    {"moonshot.ai", "moonshot_ai"},
    {"moonshot.cn", "moonshot_ai"},
    {"dashscope.aliyuncs.com", "alibaba_cloud"},
    {"dashscope-intl.aliyuncs.com", "alibaba_cloud"},
    {"bigmodel.cn", "zhipu_ai"},
    {"z.ai", "zhipu_ai"},
    {"integrate.api.nvidia.com", "nvidia"},
});

bool under_domain(std::string_view host, std::string_view domain) {
  if (!host.ends_with(domain)) return false;
  return host.size() == domain.size() || host[host.size() - domain.size() - 1] == '.';
}

bool is_amazon(std::string_view host, std::string_view service) {
  return host.starts_with(service) &&
         (host.ends_with(".amazonaws.com") || host.ends_with(".amazonaws.com.cn"));
}

}  // namespace

std::string_view without_port(std::string_view authority) {
  if (authority.starts_with('[')) return authority.substr(1, authority.find(']') - 1);
  return authority.substr(0, authority.find(':'));
}

std::string_view provider_of_host(std::string_view host) {
  for (const HostProvider& known : kHosts) {
    if (under_domain(host, known.suffix)) return known.provider;
  }
  // Regional Vertex hosts put the region before the name: us-central1-aiplatform.googleapis.com.
  if (host.ends_with("-aiplatform.googleapis.com")) return "gcp.vertex_ai";
  if (is_amazon(host, "bedrock")) return "aws.bedrock";
  if (is_amazon(host, "runtime.sagemaker")) return "aws.sagemaker";
  return {};
}

}  // namespace sonde::llm
