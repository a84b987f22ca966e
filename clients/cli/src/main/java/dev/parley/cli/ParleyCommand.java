package dev.parley.cli;

import dev.parley.cli.audit.AuditVerifyCommand;
import dev.parley.cli.chat.ChatCommand;
import dev.parley.cli.connect.ConnectCommand;
import dev.parley.cli.demo.DemoCommand;
import dev.parley.cli.files.FilesCommand;
import dev.parley.cli.profile.ProfileCommand;
import dev.parley.cli.shell.ErrorLine;
import dev.parley.cli.shell.Shell;
import dev.parley.hub.Hub;
import dev.parley.protocol.contract.Contract;
import picocli.AutoComplete;
import picocli.CommandLine;
import picocli.CommandLine.Command;

/** The command {@code parley}. */
@Command(
    name = "parley",
    version = Hub.VERSION,
    mixinStandardHelpOptions = true,
    synopsisSubcommandLabel = "COMMAND",
    description = "Parley, a multi-tenant hub for AI agents.",
    footer = {
      "",
      "Start with:",
      "  parley demo                          see tenants' agents at work",
      "  parley serve                         start a hub on 127.0.0.1:8420",
      "  parley signup acme && parley chat    be a tenant of it"
    })
public final class ParleyCommand {
  private ParleyCommand() {}

  /** Runs a command; exits 0 when it did what it says, 1 when refused, 2 for wrong usage. */
  public static void main(String[] arguments) {
    System.exit(commandLine(Shell.ofProcess()).execute(arguments));
  }

  /** The command with all its subcommands, in these surroundings. */
  static CommandLine commandLine(Shell shell) {
    CommandLine parley = new CommandLine(new ParleyCommand());
    parley.addSubcommand("signup", new SignUpCommand(shell));
    parley.addSubcommand("chat", new ChatCommand(shell));
    parley.addSubcommand("call", new CallCommand(shell));
    parley.addSubcommand("connect", new ConnectCommand(shell));
    parley.addSubcommand("files", new FilesCommand(shell));
    OperationCommand.addTo(parley, Contract.load(), shell);
    OperationCommand.group(parley, "audit").addSubcommand("verify", new AuditVerifyCommand(shell));
    OperationCommand.group(parley, "admin")
        .addSubcommand("rotate-master-key", new RotateMasterKeyCommand(shell));
    parley.addSubcommand("profile", new ProfileCommand(shell));
    parley.addSubcommand("serve", ServeCommand.spec(shell));
    parley.addSubcommand("demo", new DemoCommand(shell));
    parley.addSubcommand("completion", new CompletionCommand(parley));
    parley.setOut(shell.out());
    parley.setErr(shell.err());
    parley.setUsageHelpWidth(Math.max(80, Math.min(120, shell.terminal().width())));
    parley.setExecutionStrategy(ParleyCommand::run);
    parley.setExecutionExceptionHandler(
        (failure, command, parsed) -> {
          shell.err().println("parley: " + ErrorLine.of(failure));
          shell.err().flush();
          return CommandLine.ExitCode.SOFTWARE;
        });
    return parley;
  }

  /** Shows how a group of commands is used when none of them was named. */
  private static int run(CommandLine.ParseResult parsed) {
    CommandLine.ParseResult last = parsed;
    while (last.hasSubcommand()) {
      last = last.subcommand();
    }
    CommandLine command = last.commandSpec().commandLine();
    if (command.getSubcommands().isEmpty()
        || last.isUsageHelpRequested()
        || last.isVersionHelpRequested()) {
      return new CommandLine.RunLast().execute(parsed);
    }
    command.usage(command.getErr());
    return CommandLine.ExitCode.USAGE;
  }

  @Command(
      name = "completion",
      mixinStandardHelpOptions = true,
      description = "Prints the completion script for bash and zsh.",
      footer = {"", "Example:", "  source <(parley completion)"})
  private record CompletionCommand(CommandLine parley) implements Runnable {
    @Override
    public void run() {
      parley.getOut().print(AutoComplete.bash("parley", parley));
      parley.getOut().flush();
    }
  }
}
