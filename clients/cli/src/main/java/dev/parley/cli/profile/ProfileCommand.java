package dev.parley.cli.profile;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.parley.cli.shell.Output;
import dev.parley.cli.shell.Shell;
import dev.parley.cli.shell.Table;
import dev.parley.protocol.error.ErrorCode;
import dev.parley.protocol.error.ParleyException;
import dev.parley.protocol.frame.Json;
import java.io.IOException;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.ScopeType;

/** {@code parley profile}: the hubs and keys that are kept on this machine. */
@Command(
    name = "profile",
    mixinStandardHelpOptions = true,
    synopsisSubcommandLabel = "COMMAND",
    description = "The hubs and API keys kept for you in ~/.config/parley.",
    footer = {
      "",
      "Examples:",
      "  parley profile list",
      "  parley profile use globex",
      "  PARLEY_KEY=$(parley profile show acme --secret) ./my-script"
    })
public final class ProfileCommand {
  private final Shell shell;
  private final Profiles profiles;

  @Option(names = "--json", scope = ScopeType.INHERIT, description = "print JSON")
  private boolean json;

  public ProfileCommand(Shell shell) {
    this.shell = shell;
    this.profiles = Profiles.of(shell.environment());
  }

  @Command(mixinStandardHelpOptions = true, description = "Lists them; * marks the current one.")
  int list() throws IOException {
    List<Profile> all = profiles.all();
    if (json) {
      ArrayNode rows = Json.mapper().createArrayNode();
      for (Profile each : all) {
        rows.add(describe(each));
      }
      Output.print(shell, rows, true);
    } else if (all.isEmpty()) {
      shell.out().println("no profiles yet; make one with: parley signup NAME");
    } else {
      Table table = new Table().text("").text("name").text("hub");
      String current = profiles.current();
      for (Profile each : all) {
        table.row(List.of(each.name().equals(current) ? "*" : "", each.name(), each.url()));
      }
      table.print(shell);
    }
    return 0;
  }

  @Command(mixinStandardHelpOptions = true, description = "Makes a profile the current one.")
  int use(@Parameters(paramLabel = "NAME", description = "the profile") String name)
      throws IOException {
    profiles.use(name);
    Output.print(shell, describe(Objects.requireNonNull(profiles.find(name))), json);
    return 0;
  }

  @Command(mixinStandardHelpOptions = true, description = "Shows a profile, without its key.")
  int show(
      @Parameters(
              paramLabel = "NAME",
              arity = "0..1",
              description = "the profile (default: the current one)")
          @Nullable String name,
      @Option(names = "--secret", description = "print its API key, and nothing else")
          boolean secret)
      throws IOException {
    Profile profile = profiles.find(name);
    if (profile == null) {
      throw new ParleyException(
          ErrorCode.NOT_FOUND,
          "no profile is in use; choose one: parley profile use NAME, or sign up: parley signup NAME");
    }
    if (secret) {
      shell.out().println(profile.key());
    } else {
      Output.print(shell, describe(profile), json);
    }
    return 0;
  }

  @Command(
      mixinStandardHelpOptions = true,
      description = "Forgets a profile. Its key stays valid: see parley keys revoke.")
  int remove(@Parameters(paramLabel = "NAME", description = "the profile") String name)
      throws IOException {
    profiles.remove(name);
    Output.print(shell, Json.object().put("removed", name), json);
    return 0;
  }

  private ObjectNode describe(Profile profile) throws IOException {
    return Json.object()
        .put("name", profile.name())
        .put("url", profile.url())
        .put("current", profile.name().equals(profiles.current()))
        .put("file", profiles.file().toString());
  }
}
