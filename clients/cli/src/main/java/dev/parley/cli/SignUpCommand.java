package dev.parley.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.parley.cli.access.Answers;
import dev.parley.cli.access.HubOptions;
import dev.parley.cli.profile.Profile;
import dev.parley.cli.shell.Output;
import dev.parley.cli.shell.Shell;
import dev.parley.protocol.frame.Json;
import java.io.PrintWriter;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Makes a tenant and keeps its key as the current profile. */
@Command(
    name = "signup",
    mixinStandardHelpOptions = true,
    description = "Makes a tenant, its owner key and its first agent, and keeps the key.",
    footer = {"", "Example:", "  parley signup acme && parley chat"})
final class SignUpCommand implements Callable<Integer> {
  private final Shell shell;
  @Mixin private final HubOptions hub;

  @Parameters(paramLabel = "TENANT", description = "lower-case letters, digits and dashes")
  private String tenant = "";

  @Option(names = "--agent", paramLabel = "<id>", description = "id of the first agent (main)")
  private @Nullable String agent;

  @Option(names = "--invite", paramLabel = "<code>", description = "where sign-up needs one")
  private @Nullable String invite;

  @Option(names = "--json", description = "print the hub's answer as JSON")
  private boolean json;

  SignUpCommand(Shell shell) {
    this.shell = shell;
    this.hub = new HubOptions(shell);
  }

  @Override
  public Integer call() throws Exception {
    ObjectNode params = Json.object().put("tenant", tenant);
    if (agent != null) {
      params.put("agent", agent);
    }
    if (invite != null) {
      params.put("invite", invite);
    }
    hub.profiles().requireUsable();
    String url = hub.url();
    JsonNode made = Answers.await(HubOptions.rest(url).request("signup", params));
    String secret = made.path("secret").asText();
    PrintWriter out = shell.out();
    if (json) {
      Output.print(shell, made, true);
    } else {
      out.printf("tenant   %s%n", tenant);
      out.printf("agent    %s%n", made.path("agent").asText());
      out.printf("API key  %s   (shown this once)%n", secret);
      out.flush();
    }
    hub.profiles().save(new Profile(tenant, url, secret));
    if (!json) {
      out.printf("profile  %s, in %s%n", tenant, hub.profiles().file());
      out.println("Next:    parley chat");
      out.flush();
    }
    return 0;
  }
}
