// Field numbers: google/ai/generativelanguage/v1beta/{content,generative_service,safety}.proto and
// google/cloud/aiplatform/v1/{content,tool,prediction_service}.proto of googleapis.
#include "agent/llm/grpc_methods.h"

#include <array>

namespace sonde::llm {
namespace {

using enum ProtoKind;

template <size_t N>
using Fields = std::array<ProtoField, N>;

constexpr auto kFinishReasons = std::to_array<std::string_view>(
    {"FINISH_REASON_UNSPECIFIED", "STOP", "MAX_TOKENS", "SAFETY", "RECITATION", "OTHER",
     "BLOCKLIST", "PROHIBITED_CONTENT", "SPII", "MALFORMED_FUNCTION_CALL"});
// Gemini's own order of the later ones.
constexpr auto kGeminiFinishReasons = std::to_array<std::string_view>(
    {"FINISH_REASON_UNSPECIFIED", "STOP", "MAX_TOKENS", "SAFETY", "RECITATION", "OTHER", "LANGUAGE",
     "BLOCKLIST", "PROHIBITED_CONTENT", "SPII", "MALFORMED_FUNCTION_CALL"});
constexpr auto kProbabilities = std::to_array<std::string_view>(
    {"HARM_PROBABILITY_UNSPECIFIED", "NEGLIGIBLE", "LOW", "MEDIUM", "HIGH"});
constexpr auto kCategories = std::to_array<std::string_view>(
    {"HARM_CATEGORY_UNSPECIFIED", "HARM_CATEGORY_HATE_SPEECH", "HARM_CATEGORY_DANGEROUS_CONTENT",
     "HARM_CATEGORY_HARASSMENT", "HARM_CATEGORY_SEXUALLY_EXPLICIT",
     "HARM_CATEGORY_CIVIC_INTEGRITY"});
constexpr auto kGeminiCategories = std::to_array<std::string_view>(
    {"HARM_CATEGORY_UNSPECIFIED", "HARM_CATEGORY_DEROGATORY", "HARM_CATEGORY_TOXICITY",
     "HARM_CATEGORY_VIOLENCE", "HARM_CATEGORY_SEXUAL", "HARM_CATEGORY_MEDICAL",
     "HARM_CATEGORY_DANGEROUS", "HARM_CATEGORY_HARASSMENT", "HARM_CATEGORY_HATE_SPEECH",
     "HARM_CATEGORY_SEXUALLY_EXPLICIT", "HARM_CATEGORY_DANGEROUS_CONTENT",
     "HARM_CATEGORY_CIVIC_INTEGRITY"});
constexpr auto kBlockReasons = std::to_array<std::string_view>(
    {"BLOCK_REASON_UNSPECIFIED", "SAFETY", "OTHER", "BLOCKLIST", "PROHIBITED_CONTENT"});

// ---- what both have in common

constexpr Fields<2> kBlobFields{{{1, "mimeType"}, {2, "data", kBytes}}};
constexpr ProtoMessage kBlob{kBlobFields};
constexpr Fields<2> kFileFields{{{1, "mimeType"}, {2, "fileUri"}}};
constexpr ProtoMessage kFile{kFileFields};
constexpr Fields<3> kCallFields{{{1, "name"}, {2, "args", kStruct}, {3, "id"}}};
constexpr ProtoMessage kCall{kCallFields};
constexpr Fields<3> kResponseFields{{{1, "name"}, {2, "response", kStruct}, {3, "id"}}};
constexpr ProtoMessage kResponse{kResponseFields};
constexpr Fields<2> kFunctionFields{{{1, "name"}, {2, "description"}}};
constexpr ProtoMessage kFunction{kFunctionFields};
constexpr Fields<1> kToolFields{{{1, "functionDeclarations", kMessage, true, &kFunction}}};
constexpr ProtoMessage kTool{kToolFields};
constexpr Fields<3> kUsageFields{{{1, "promptTokenCount", kInteger},
                                  {2, "candidatesTokenCount", kInteger},
                                  {3, "totalTokenCount", kInteger}}};
constexpr ProtoMessage kUsage{kUsageFields};

// ---- Gemini

constexpr Fields<2> kCodeFields{{{1, "language", kInteger}, {2, "code"}}};
constexpr ProtoMessage kCode{kCodeFields};
constexpr Fields<2> kRanFields{{{1, "outcome", kInteger}, {2, "output"}}};
constexpr ProtoMessage kRan{kRanFields};
constexpr Fields<8> kGeminiPartFields{{{2, "text"},
                                       {3, "inlineData", kMessage, false, &kBlob},
                                       {4, "functionCall", kMessage, false, &kCall},
                                       {5, "functionResponse", kMessage, false, &kResponse},
                                       {6, "fileData", kMessage, false, &kFile},
                                       {9, "executableCode", kMessage, false, &kCode},
                                       {10, "codeExecutionResult", kMessage, false, &kRan},
                                       {11, "thought", kTruth}}};
constexpr ProtoMessage kGeminiPart{kGeminiPartFields};
constexpr Fields<2> kGeminiContentFields{{{1, "parts", kMessage, true, &kGeminiPart}, {2, "role"}}};
constexpr ProtoMessage kGeminiContent{kGeminiContentFields};
constexpr Fields<4> kGeminiRequestFields{
    {{1, "model"},
     {2, "contents", kMessage, true, &kGeminiContent},
     {5, "tools", kMessage, true, &kTool},
     {8, "systemInstruction", kMessage, false, &kGeminiContent}}};
constexpr ProtoMessage kGeminiRequest{kGeminiRequestFields};
constexpr Fields<3> kGeminiRatingFields{{{3, "category", kName, false, nullptr, kGeminiCategories},
                                         {4, "probability", kName, false, nullptr, kProbabilities},
                                         {5, "blocked", kTruth}}};
constexpr ProtoMessage kGeminiRating{kGeminiRatingFields};
constexpr Fields<4> kGeminiCandidateFields{
    {{1, "content", kMessage, false, &kGeminiContent},
     {2, "finishReason", kName, false, nullptr, kGeminiFinishReasons},
     {3, "index", kInteger},
     {5, "safetyRatings", kMessage, true, &kGeminiRating}}};
constexpr ProtoMessage kGeminiCandidate{kGeminiCandidateFields};
constexpr Fields<2> kGeminiFeedbackFields{{{1, "blockReason", kName, false, nullptr, kBlockReasons},
                                           {2, "safetyRatings", kMessage, true, &kGeminiRating}}};
constexpr ProtoMessage kGeminiFeedback{kGeminiFeedbackFields};
constexpr Fields<5> kGeminiAnswerFields{{{1, "candidates", kMessage, true, &kGeminiCandidate},
                                         {2, "promptFeedback", kMessage, false, &kGeminiFeedback},
                                         {3, "usageMetadata", kMessage, false, &kUsage},
                                         {4, "modelVersion"},
                                         {5, "responseId"}}};
constexpr ProtoMessage kGeminiAnswer{kGeminiAnswerFields};

// ---- Vertex AI

constexpr Fields<6> kVertexPartFields{{{1, "text"},
                                       {2, "inlineData", kMessage, false, &kBlob},
                                       {3, "fileData", kMessage, false, &kFile},
                                       {5, "functionCall", kMessage, false, &kCall},
                                       {6, "functionResponse", kMessage, false, &kResponse},
                                       {10, "thought", kTruth}}};
constexpr ProtoMessage kVertexPart{kVertexPartFields};
constexpr Fields<2> kVertexContentFields{{{1, "role"}, {2, "parts", kMessage, true, &kVertexPart}}};
constexpr ProtoMessage kVertexContent{kVertexContentFields};
constexpr Fields<4> kVertexRequestFields{
    {{2, "contents", kMessage, true, &kVertexContent},
     {5, "model"},
     {6, "tools", kMessage, true, &kTool},
     {8, "systemInstruction", kMessage, false, &kVertexContent}}};
constexpr ProtoMessage kVertexRequest{kVertexRequestFields};
constexpr Fields<3> kVertexRatingFields{{{1, "category", kName, false, nullptr, kCategories},
                                         {2, "probability", kName, false, nullptr, kProbabilities},
                                         {3, "blocked", kTruth}}};
constexpr ProtoMessage kVertexRating{kVertexRatingFields};
constexpr Fields<4> kVertexCandidateFields{
    {{1, "index", kInteger},
     {2, "content", kMessage, false, &kVertexContent},
     {3, "finishReason", kName, false, nullptr, kFinishReasons},
     {4, "safetyRatings", kMessage, true, &kVertexRating}}};
constexpr ProtoMessage kVertexCandidate{kVertexCandidateFields};
constexpr Fields<2> kVertexFeedbackFields{{{1, "blockReason", kName, false, nullptr, kBlockReasons},
                                           {2, "safetyRatings", kMessage, true, &kVertexRating}}};
constexpr ProtoMessage kVertexFeedback{kVertexFeedbackFields};
constexpr Fields<5> kVertexAnswerFields{{{2, "candidates", kMessage, true, &kVertexCandidate},
                                         {3, "promptFeedback", kMessage, false, &kVertexFeedback},
                                         {4, "usageMetadata", kMessage, false, &kUsage},
                                         {11, "modelVersion"},
                                         {13, "responseId"}}};
constexpr ProtoMessage kVertexAnswer{kVertexAnswerFields};

constexpr std::string_view kGeminiService = "/google.ai.generativelanguage.";
constexpr std::string_view kVertexService = "/google.cloud.aiplatform.";

constexpr GrpcMethod kGeminiMethods[] = {
    {"GenerativeService/GenerateContent", &kGeminiRequest, &kGeminiAnswer, false},
    {"GenerativeService/StreamGenerateContent", &kGeminiRequest, &kGeminiAnswer, true}};
constexpr GrpcMethod kVertexMethods[] = {
    {"PredictionService/GenerateContent", &kVertexRequest, &kVertexAnswer, false},
    {"PredictionService/StreamGenerateContent", &kVertexRequest, &kVertexAnswer, true}};

}  // namespace

const GrpcMethod* grpc_method(std::string_view path) {
  const bool vertex = path.starts_with(kVertexService);
  if (!vertex && !path.starts_with(kGeminiService)) return nullptr;
  // Versions share their numbers: "v1.", "v1beta1."
  for (const GrpcMethod& method : vertex ? kVertexMethods : kGeminiMethods) {
    const std::string_view name = method.path;
    if (path.ends_with(name) && path[path.size() - name.size() - 1] == '.') return &method;
  }
  return nullptr;
}

}  // namespace sonde::llm
