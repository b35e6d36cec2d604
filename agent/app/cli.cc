#include "agent/app/cli.h"

#include <charconv>
#include <cmath>

#include <CLI/CLI.hpp>

#include "agent/app/commands.h"
#include "agent/app/self_test.h"
#include "agent/app/service/commands.h"
#include "agent/config/spelling.h"

namespace sonde::app {
namespace {

// Not CLI::Range, whose message spells out the largest double, nor CLI::NonNegativeNumber, which
// takes "nan".
std::string check_seconds(const std::string& text) {
  double seconds = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), seconds);
  const bool good = read.ec == std::errc{} && read.ptr == text.data() + text.size() &&
                    std::isfinite(seconds) && seconds > 0;
  return good ? std::string() : "'" + text + "' is no number of seconds above 0, such as 30 or 2.5";
}

void add_duration(CLI::App& command, double& seconds) {
  command.add_option("--duration", seconds, "Stop after so many seconds")
      ->check(CLI::Validator(check_seconds, "SECONDS"));
}

void add_config_option(CLI::App& command, config::Layers& layers) {
  command.add_option("-c,--config", layers.file, "The agent's configuration");
}

void add_plain_http_ports(CLI::App& command, std::vector<uint32_t>& ports) {
  command
      .add_option("--plain-http-ports", ports,
                  "TCP ports heard without TLS, separated by commas, instead of those of common "
                  "model servers")
      ->delimiter(',')
      ->check(CLI::Range(1, 65535));
}

void add_view_options(CLI::App& command, ViewOptions& view) {
  command.add_flag("--json", view.json, "One line of JSON for each exchange (sonde.exchange/1)");
  command.add_flag("--only-findings", view.only_findings,
                   "Only exchanges in which the detectors find something");
  command.add_flag("--full", view.full, "Fold no text and no earlier messages away");
  command
      .add_option_function<std::string>(
          "--color",
          [&view](const std::string& when) {
            view.colour = when == "always"  ? Colour::kAlways
                          : when == "never" ? Colour::kNever
                                            : Colour::kAuto;
          },
          "auto, always or never")
      ->check(CLI::IsMember({"auto", "always", "never"}).description(""))
      ->type_name("WHEN");
}

void add_trace(CLI::App& app, int& code) {
  auto options = std::make_shared<TraceOptions>();
  CLI::App* command =
      app.add_subcommand("trace", "Live view of every exchange with a language model");
  command->add_flag("--findings", options->view.findings,
                    "Run the detectors and show what they find");
  add_view_options(*command, options->view);
  command->add_option("--pid", options->pid, "Only this process")->check(CLI::PositiveNumber);
  command->add_option("--exe", options->exe_glob,
                      "Only executables whose path matches this pattern");
  command->add_option("--host", options->host_glob, "Only hosts that match this pattern");
  command->add_option("--model", options->model_glob, "Only models that match this pattern");
  add_duration(*command, options->duration_seconds);
  add_config_option(*command, options->config);
  add_plain_http_ports(*command, options->plain_http_ports);
  command->callback([options, &code] { code = run_trace(*options); });
}

void add_record(CLI::App& app, int& code) {
  auto options = std::make_shared<RecordOptions>();
  CLI::App* command =
      app.add_subcommand("record", "Write raw events to a file (it holds plaintext)");
  command->add_option("-o,--output", options->output, "The recording")->required();
  add_duration(*command, options->duration_seconds);
  add_config_option(*command, options->config);
  add_plain_http_ports(*command, options->plain_http_ports);
  command->callback([options, &code] { code = run_record(*options); });
}

void add_replay(CLI::App& app, int& code) {
  auto options = std::make_shared<ReplayOptions>();
  CLI::App* command =
      app.add_subcommand("replay", "Run the pipeline on a recording; needs no root");
  command->add_option("FILE", options->file, "A recording made by `sonde record`")->required();
  add_view_options(*command, options->view);
  auto* exchanges =
      command->add_flag("--exchanges", options->exchanges, "Show the exchanges (the default)");
  auto* findings =
      command
          ->add_flag("--findings", options->view.findings, "Show the exchanges with their findings")
          ->excludes(exchanges);
  command
      ->add_flag("--alerts", options->alerts,
                 "Print the alerts that the agent would send, one line of JSON each")
      ->excludes(exchanges)
      ->excludes(findings);
  command->callback([options, &code] { code = run_replay(*options); });
}

void add_file_commands(CLI::App& app, int& code) {
  auto scan_file = std::make_shared<std::string>();
  auto json = std::make_shared<bool>(false);
  CLI::App* scan = app.add_subcommand("scan", "Run the detectors on JSON lines; needs no root");
  scan->add_option("FILE", *scan_file, "JSON lines; - or nothing: standard input");
  scan->add_flag("--json", *json, "JSON lines out (always so)");
  scan->callback([scan_file, &code] { code = run_scan(*scan_file); });

  auto elf_file = std::make_shared<std::string>();
  CLI::App* locate =
      app.add_subcommand("locate", "Find the TLS stacks in an executable or library");
  locate->add_option("FILE", *elf_file, "An ELF file")->required();
  locate->add_flag("--json", *json, "JSON out");
  locate->callback([elf_file, json, &code] { code = run_locate(*elf_file, *json); });

  CLI::App* doctor =
      app.add_subcommand("doctor", "What this host allows, and what is heard or not and why");
  doctor->add_flag("--json", *json, "JSON out");
  doctor->callback([json, &code] { code = run_doctor(*json); });
}

void add_agent(CLI::App& app, int& code) {
  auto layers = std::make_shared<config::Layers>();
  CLI::App* agent = app.add_subcommand("agent", "The daemon: hear, detect, deliver");
  agent->add_option("-c,--config", layers->file, "YAML configuration; without it, the defaults");
  agent
      ->add_option("--set", layers->settings,
                   "KEY=VALUE, stronger than files and environment; may be repeated")
      ->allow_extra_args(false);
  agent->callback([layers, &code] { code = run_agent(*layers); });

  auto token = std::make_shared<std::string>();
  CLI::App* self_test = app.add_subcommand("self-test", "The agent's own TLS conversation");
  self_test->group("");  // for the agent, not for people
  self_test->add_option("TOKEN", *token)->required();
  self_test->callback([token, &code] { code = run_self_test_call(*token); });

  auto path = std::make_shared<std::string>();
  CLI::App* config =
      app.add_subcommand("config", "Check a configuration, show it, or print an example");
  config->require_subcommand(1);
  CLI::App* check = config->add_subcommand("check", "Say what is wrong, with line and key");
  check->add_option("FILE,-c,--config", *path, "YAML configuration")->required();
  check->callback([path, &code] { code = run_config_check(*path); });
  auto effective = std::make_shared<bool>(false);
  CLI::App* show =
      config->add_subcommand("show", "What differs from the defaults, and where it is set");
  show->add_option("FILE,-c,--config", *path, "YAML configuration; without it, the environment");
  show->add_flag("--effective", *effective, "Every key that is in force, the defaults too");
  show->callback([path, effective, &code] { code = run_config_show(*path, *effective); });
  CLI::App* example =
      config->add_subcommand("example", "Print a commented file with every key and its default");
  example->callback([&code] { code = run_config_example(); });
}

void add_rules(CLI::App& app, int& code) {
  auto options = std::make_shared<RulesOptions>();
  CLI::App* rules = app.add_subcommand("rules", "Rules of your own (docs/RULES.md)");
  rules->require_subcommand(1);
  const auto add = [&](const char* name, const char* what, auto run) {
    CLI::App* command = rules->add_subcommand(name, what);
    command->add_option("FILE", options->files,
                        "YAML files; without them, those of detect.rule_files");
    add_config_option(*command, options->config);
    command->callback([options, run, &code] { code = run(*options); });
  };
  add("check", "Read them and run the tests inside of them", run_rules_check);
  add("list", "Name, severity and title of each", run_rules_list);
}

void add_enrol(CLI::App& app, int& code) {
  auto options = std::make_shared<EnrolOptions>();
  CLI::App* command = app.add_subcommand(
      "enrol", "Get this host a certificate from a collector, for a one-time token");
  command->add_option("URL", options->url, "https://HOST:PORT of the collector")->required();
  command->add_option("--ca", options->ca, "PEM file that vouches for the collector");
  command->add_option("--token-file", options->token_file,
                      "File with the token of `sonde-collector agent enrol`; default: stdin");
  command->add_option("--agent-id", options->agent_id,
                      "Id to ask for, with a token for many hosts; default: this host's name");
  command->add_option("--directory", options->directory, "Where key and certificate go")
      ->capture_default_str();
  command->callback([options, &code] { code = run_enrol(*options); });
}

void add_service_commands(CLI::App& app, int& code) {
  auto spool_options = std::make_shared<SpoolOptions>();
  CLI::App* spool = app.add_subcommand("spool", "What waits for the collector and other sinks");
  add_config_option(*spool, spool_options->config);
  spool->add_flag("--json", spool_options->json, "JSON out, one line for each sink");
  spool->add_option("--sink", spool_options->sink,
                    "Only this one's: collector, or the name of a target");
  spool->add_flag("--records", spool_options->records,
                  "Print the records that wait, one line of JSON each");
  spool->callback([spool_options, &code] { code = run_spool(*spool_options); });

  auto inventory_options = std::make_shared<InventoryOptions>();
  CLI::App* inventory =
      app.add_subcommand("inventory", "Which programs of this host speak to which models");
  add_config_option(*inventory, inventory_options->config);
  inventory->add_flag("--json", inventory_options->json, "JSON out");
  inventory->callback([inventory_options, &code] { code = run_inventory(*inventory_options); });

  auto bundle_options = std::make_shared<SupportBundleOptions>();
  CLI::App* bundle = app.add_subcommand(
      "support-bundle", "Collect what support needs, without any text of an exchange");
  add_config_option(*bundle, bundle_options->config);
  bundle->add_option("-o,--output", bundle_options->output,
                     "The .tar.gz; in this directory, named after host and time, without it");
  bundle->callback([bundle_options, &code] { code = run_support_bundle(*bundle_options); });
}

// The innermost command that was named.
const CLI::App& named_command(const CLI::App& app) {
  const CLI::App* command = &app;
  while (!command->get_subcommands().empty()) command = command->get_subcommands().front();
  return *command;
}

std::string path_of(const CLI::App& command) {
  const CLI::App* parent = command.get_parent();
  return parent == nullptr ? command.get_name() : path_of(*parent) + " " + command.get_name();
}

std::string failure_text(const CLI::App* app, const CLI::Error& error) {
  const CLI::App& command = named_command(*app);
  const std::string path = path_of(command);
  const auto known =
      command.get_subcommands([](const CLI::App* each) { return !each->get_group().empty(); });
  std::string what = error.what();
  if (error.get_name() == "RequiredError" && !known.empty()) {
    const auto left = command.remaining();
    std::vector<std::string_view> names;
    names.reserve(known.size());
    for (const CLI::App* each : known) names.push_back(each->get_name());
    what = left.empty()
               ? "a command is missing;"
               : "'" + left.front() + "' is no command" + config::meant(left.front(), names);
    what += " there are:";
    for (const CLI::App* each : known) what += " " + each->get_name();
  }
  return path + ": " + what + "\nRun `" + path + " --help` for more.\n";
}

constexpr const char* kFooter =
    "Examples:\n"
    "  sonde trace                        every exchange of this host as it streams\n"
    "  sonde trace --json --pid 4711      one line of JSON for each exchange of a process\n"
    "  sonde doctor                       what is heard here, what is not, and why\n"
    "  sonde scan prompts.jsonl           the detectors on texts of your own; needs no root\n\n"
    "Exit codes: 0 good, 1 failure at run time, 2 wrong use or configuration.\n"
    "Keys of the configuration can be set by SONDE_... variables (`sonde config example`).";

void add_version(CLI::App& command) {
  command.set_version_flag("--version", "sonde " SONDE_VERSION);
  for (CLI::App* each : command.get_subcommands({})) add_version(*each);
}

}  // namespace

int run_cli(int argc, char** argv) {
  int code = kExitGood;
  CLI::App app{"Sonde hears what the programs on this host say to language models.", "sonde"};
  app.failure_message(failure_text);
  app.require_subcommand(1);
  add_agent(app, code);
  add_enrol(app, code);
  add_rules(app, code);
  add_trace(app, code);
  add_record(app, code);
  add_replay(app, code);
  add_file_commands(app, code);
  add_service_commands(app, code);
  add_version(app);
  app.footer(kFooter);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? kExitGood : kExitUsage;
  }
  return code;
}

}  // namespace sonde::app
