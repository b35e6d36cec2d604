// sonde-collector: reads the arguments; app/ does the work.
#include <cstdlib>
#include <functional>
#include <iostream>

#include <CLI/CLI.hpp>
#include <sys/stat.h>
#include <unistd.h>

#include "collector/app/commands.h"
#include "collector/app/config.h"
#include "collector/app/config_check.h"
#include "collector/app/daemon.h"
#include "collector/app/demo.h"
#include "collector/app/policy_commands.h"
#include "collector/app/setup.h"

namespace {

using sonde::Status;
using sonde::collector::Config;

constexpr int kRuntimeFailure = 1;
constexpr int kUsageError = 2;

std::optional<std::string> environment(const std::string& name) {
  const char* value = std::getenv(name.c_str());
  return value ? std::optional<std::string>(value) : std::nullopt;
}

int fail_with(int code, const std::string& message) {
  std::cerr << "sonde-collector: " << message << '\n';
  return code;
}

struct Arguments {
  std::string config_path;
  std::string name;
  std::string role;
  std::string password_file;
  std::vector<std::string> scopes;
  int64_t id = 0;
  int64_t days = 0;
  int64_t hours = 24;
  int64_t uses = 1;
  bool own_state = false;  // the command looks after its folder itself
};

using Command = std::function<Status(Config&)>;

void add_setup(CLI::App& app, sonde::collector::SetupRequest& request, Command& command) {
  auto* setup = app.add_subcommand(
      "setup", "First start: keys, certificates, store, an administrator, enrolment tokens");
  setup->add_option("--admin", request.admin, "Name of the administrator, made if there is no user")
      ->capture_default_str();
  setup->add_option("--agent", request.agents, "Id of an agent to enrol; may be repeated");
  setup->add_flag("--json", request.json, "Print one JSON object");
  setup->callback([&] { command = [&](Config& config) { return set_up(config, request); }; });
}

void add_demo(CLI::App& app, Arguments& args, sonde::collector::DemoRequest& request,
              Command& command) {
  auto* demo = app.add_subcommand(
      "demo", "Serve a realistic data set from a temporary folder, to look at the portal");
  demo->add_option("--seed", request.seed, "Another seed, another data set")->capture_default_str();
  demo->add_flag("--fill-only", request.fill_only,
                 "Fill the configured store, which must be empty, and end");
  demo->callback([&] {
    args.own_state = !request.fill_only;
    command = [&](Config& config) { return run_demo(config, request); };
  });
}

void add_users(CLI::App& app, Arguments& args, Command& command) {
  auto* user = app.add_subcommand("user", "People who may log in")->require_subcommand(1);
  auto with_name = [&args](CLI::App* sub) {
    sub->add_option("NAME", args.name, "User name")->required();
    return sub;
  };
  auto with_password = [&args](CLI::App* sub) {
    sub->add_option("--password-file", args.password_file,
                    "File whose first line is the password; '-' or nothing reads stdin");
    return sub;
  };
  auto* add = with_password(with_name(user->add_subcommand("add", "Add a user")));
  add->add_option("--role", args.role, "viewer, analyst or admin")
      ->check(CLI::IsMember({"viewer", "analyst", "admin"}))
      ->default_val("viewer");
  add->callback([&] {
    command = [&](Config& config) {
      return user_add(config, args.name, args.role, args.password_file);
    };
  });
  user->add_subcommand("list", "List users")->callback([&] {
    command = sonde::collector::user_list;
  });
  with_name(user->add_subcommand("remove", "Remove a user and end the sessions"))->callback([&] {
    command = [&](Config& config) { return user_remove(config, args.name); };
  });
  with_password(with_name(user->add_subcommand("passwd", "Change a password")))->callback([&] {
    command = [&](Config& config) { return user_password(config, args.name, args.password_file); };
  });
}

void add_tokens(CLI::App& app, Arguments& args, Command& command) {
  auto* token = app.add_subcommand("token", "Tokens of programs")->require_subcommand(1);
  auto* create = token->add_subcommand("create", "Create a token; prints it once, on stdout");
  create->add_option("NAME", args.name, "What it is for; for the role agent, the agent id")
      ->required();
  create->add_option("--role", args.role, "viewer, analyst, admin or agent")
      ->check(CLI::IsMember({"viewer", "analyst", "admin", "agent"}))
      ->required();
  create->add_option("--days", args.days, "Valid for so many days; 0: until revoked")
      ->check(CLI::Range(0, 3650));
  create
      ->add_option("--scopes", args.scopes,
                   "Areas of the API it is good for, as in alerts,incidents; all if not given")
      ->delimiter(',');
  create->callback([&] {
    command = [&](Config& config) {
      return token_create(config, args.name, args.role, args.days, args.scopes);
    };
  });
  token->add_subcommand("list", "List tokens")->callback([&] {
    command = sonde::collector::token_list;
  });
  auto* revoke = token->add_subcommand("revoke", "Revoke a token");
  revoke->add_option("ID", args.id, "From 'token list'")->required();
  revoke->callback(
      [&] { command = [&](Config& config) { return token_revoke(config, args.id); }; });
}

void add_agents(CLI::App& app, Arguments& args, Command& command) {
  auto* agent = app.add_subcommand("agent", "Hosts that deliver")->require_subcommand(1);
  auto* enrol = agent->add_subcommand("enrol", "Print a one-time token for a new agent");
  enrol->add_option("ID", args.name, "Agent id, for example the host name")->required();
  enrol->add_option("--hours", args.hours, "Valid for so many hours")
      ->check(CLI::Range(1, 24 * 30))
      ->capture_default_str();
  enrol->callback([&] {
    command = [&](Config& config) { return agent_enrol(config, args.name, args.hours); };
  });
  auto* invite = agent->add_subcommand("invite", "Print a token with which many agents can enrol");
  invite->add_option("--uses", args.uses, "For so many agents")
      ->check(CLI::Range(1, 100'000))
      ->required();
  invite->add_option("--days", args.days, "Valid for so many days")
      ->check(CLI::Range(1, 365))
      ->required();
  invite->callback([&] {
    command = [&](Config& config) { return agent_invite(config, args.uses, args.days); };
  });
  agent->add_subcommand("list", "List agents")->callback([&] {
    command = sonde::collector::agent_list;
  });
  auto* revoke = agent->add_subcommand("revoke", "Refuse an agent from now on");
  revoke->add_option("ID", args.name, "Agent id")->required();
  revoke->callback(
      [&] { command = [&](Config& config) { return agent_revoke(config, args.name); }; });
}

void add_versions(CLI::App& policy, sonde::collector::PolicyRequest& request, Command& command) {
  const auto with_version = [&](CLI::App* sub) {
    sub->add_option("VERSION", request.version, "From 'policy list'")->required();
    return sub;
  };
  with_version(policy.add_subcommand("show", "Its text, and which version each agent runs"))
      ->callback([&] { command = [&](Config& config) { return policy_show(config, request); }; });
  auto* out = with_version(policy.add_subcommand("roll-out", "Give it to more agents, or fewer"));
  out->add_option("--percent", request.percent, "To this share of the group's agents")
      ->check(CLI::Range(0, 100))
      ->required();
  out->add_option("--agent", request.agents, "To this agent as well; may be repeated");
  out->callback(
      [&] { command = [&](Config& config) { return policy_roll_out(config, request); }; });
  with_version(policy.add_subcommand("roll-back", "Its text as a new version for the whole group"))
      ->callback(
          [&] { command = [&](Config& config) { return policy_roll_back(config, request); }; });
}

void add_policies(CLI::App& app, sonde::collector::PolicyRequest& request, Command& command) {
  auto* policy = app.add_subcommand("policy", "Policies for agents")->require_subcommand(1);
  auto* check = policy->add_subcommand("check", "Say what is wrong with a policy");
  check->add_option("FILE", request.file, "The policy (YAML)")->required();
  check->callback([&] { command = [&](Config&) { return policy_check(request); }; });
  auto* publish = policy->add_subcommand("publish", "Sign a new version; prints its number");
  publish->add_option("FILE", request.file, "The policy (YAML)")->required();
  publish->add_option("--group", request.group, "Group of agents")->capture_default_str();
  publish->add_option("--comment", request.comment, "Why")->required();
  publish->add_option("--percent", request.percent, "To this share of the group's agents")
      ->check(CLI::Range(0, 100))
      ->capture_default_str();
  publish->add_option("--agent", request.agents, "To this agent as well; may be repeated");
  publish->callback(
      [&] { command = [&](Config& config) { return policy_publish(config, request); }; });
  auto* list = policy->add_subcommand("list", "List versions, newest first");
  list->add_option("--group", request.group, "Group of agents")->capture_default_str();
  list->callback([&] { command = [&](Config& config) { return policy_list(config, request); }; });
  add_versions(*policy, request, command);
}

sonde::Result<Config> read_config(const std::string& path) {
  std::vector<std::string> names;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string_view variable = *entry;
    names.emplace_back(variable.substr(0, variable.find('=')));
  }
  for (const std::string& name : sonde::collector::unknown_variables(names)) {
    return sonde::fail("environment variable " + name + " is no key; see 'config example'");
  }
  return sonde::collector::load_config(path, environment);
}

int run(const Arguments& args, const Command& command) {
  auto config = read_config(args.config_path);
  if (!config.ok()) return fail_with(kUsageError, config.error().message);
  if (const Status good = check_config(args.config_path, *config); !good.ok()) {
    return fail_with(kUsageError, good.error().message);
  }
  const Status prepared = args.own_state ? Status() : prepare_state(*config);
  if (!prepared.ok()) return fail_with(kRuntimeFailure, prepared.error().message);
  const Status done = command(*config);
  return done.ok() ? 0 : fail_with(kRuntimeFailure, done.error().message);
}

}  // namespace

int main(int argc, char** argv) {
  umask(077);  // the store holds evidence
  CLI::App app{
      "Collects the alerts of Sonde agents, makes incidents of them, and shows them.\n\n"
      "Without a command it serves: the API and the portal on one HTTPS address (by default\n"
      "https://127.0.0.1:8443). A new collector is made ready with: sonde-collector setup\n",
      "sonde-collector"};
  app.set_version_flag("--version", "sonde-collector " SONDE_VERSION);
  app.footer(
      "Exit codes: 0 good, 1 runtime failure, 2 usage or configuration error.\n"
      "Every key of the configuration can be set by SONDE_COLLECTOR_<KEY>, as in\n"
      "SONDE_COLLECTOR_STORE_URL=postgresql:///sonde");
  Arguments args;
  app.add_option("-c,--config", args.config_path,
                 "Configuration file (YAML); see 'config example'");
  Command command = [&args](const Config& config) {
    return sonde::collector::run_daemon(args.config_path, config);
  };
  bool example = false;
  bool check = false;
  app.require_subcommand(0, 1);
  app.fallthrough();
  sonde::collector::SetupRequest setup_request;
  add_setup(app, setup_request, command);
  sonde::collector::DemoRequest demo_request;
  add_demo(app, args, demo_request, command);
  add_users(app, args, command);
  add_tokens(app, args, command);
  add_agents(app, args, command);
  sonde::collector::PolicyRequest policy_request;
  add_policies(app, policy_request, command);
  auto* config_command = app.add_subcommand("config", "The configuration")->require_subcommand(1);
  config_command->add_subcommand("check", "Read the configuration and say what is wrong")
      ->callback([&] { check = true; });
  config_command->add_subcommand("example", "Print every key with its default")->callback([&] {
    example = true;
  });
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : kUsageError;
  }
  if (example) {
    std::cout << sonde::collector::example_config();
    return 0;
  }
  if (check) {
    const auto config = read_config(args.config_path);
    if (!config.ok()) return fail_with(kUsageError, config.error().message);
    const Status good = check_config(args.config_path, *config);
    if (!good.ok()) return fail_with(kUsageError, good.error().message);
    std::cout << "the configuration is good\n";
    return 0;
  }
  return run(args, command);
}
