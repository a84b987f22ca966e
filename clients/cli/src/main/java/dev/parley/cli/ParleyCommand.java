package dev.parley.cli;

import dev.parley.hub.Hub;
import picocli.CommandLine;
import picocli.CommandLine.Command;

/** The root of the command line. */
@Command(
    name = "parley",
    version = Hub.VERSION,
    mixinStandardHelpOptions = true,
    synopsisSubcommandLabel = "COMMAND",
    description = "Parley, a multi-tenant hub for AI agents.",
    footer = {
      "",
      "Start with:",
      "  parley demo    see two tenants' agents talk, and what it cost them",
      "  parley serve   start a hub on 127.0.0.1:8420"
    })
public final class ParleyCommand {
  private ParleyCommand() {}

  /** Runs a command; exits 0 when it did what it says, 1 when refused, 2 for wrong usage. */
  public static void main(String[] arguments) {
    CommandLine parley = new CommandLine(new ParleyCommand());
    parley.addSubcommand("serve", ServeCommand.spec());
    parley.addSubcommand("connect", new ConnectCommand());
    parley.addSubcommand("demo", new DemoCommand());
    parley.setExecutionStrategy(
        parsed ->
            parsed.hasSubcommand()
                    || parsed.isUsageHelpRequested()
                    || parsed.isVersionHelpRequested()
                ? new CommandLine.RunLast().execute(parsed)
                : usage(parley));
    System.exit(parley.execute(arguments));
  }

  private static int usage(CommandLine parley) {
    parley.usage(System.err);
    return CommandLine.ExitCode.USAGE;
  }
}
