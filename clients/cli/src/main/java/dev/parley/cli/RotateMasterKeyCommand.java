package dev.parley.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.parley.cli.access.Answers;
import dev.parley.cli.access.HubOptions;
import dev.parley.cli.shell.Shell;
import dev.parley.protocol.frame.Json;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Seals all tenants' secrets with the hub's first master key, page by page. */
@Command(
    name = "rotate-master-key",
    mixinStandardHelpOptions = true,
    description = {
      "Encrypts all tenants' secrets anew with the hub's first master key.",
      "Put the new key before the old one in master.key or PARLEY_MASTER_KEY and restart the hub"
          + " first; when this is done, the old key can go. Interrupted, it goes on with --after, or"
          + " begins anew, which is harmless."
    })
final class RotateMasterKeyCommand implements Callable<Integer> {
  private final Shell shell;

  @Mixin private final HubOptions hub;

  @Option(names = "--after", paramLabel = "<tenant>", description = "go on after this tenant")
  private @Nullable String after;

  @Option(names = "--limit", paramLabel = "<n>", description = "tenants at a time, 1 to 1000")
  private int limit = 100;

  RotateMasterKeyCommand(Shell shell) {
    this.shell = shell;
    this.hub = new HubOptions(shell);
  }

  @Override
  public Integer call() throws Exception {
    long tenants = 0;
    long resealed = 0;
    long unopened = 0;
    JsonNode page;
    do {
      ObjectNode params = Json.object().put("limit", limit);
      if (after != null) {
        params.put("after", after);
      }
      page = Answers.await(hub.rest().request("admin.rotate-master-key", params));
      tenants += page.path("tenants").asLong();
      resealed += page.path("resealed").asLong();
      unopened += page.path("unopened").asLong();
      after = page.path("next").textValue();
      if (after != null) {
        shell
            .err()
            .printf("%d tenants, %d secrets sealed anew, up to %s%n", tenants, resealed, after);
        shell.err().flush();
      }
    } while (after != null);
    shell
        .out()
        .printf(
            "%d tenants, %d secrets sealed anew with master key %s%n",
            tenants, resealed, page.path("masterKey").asText());
    if (unopened > 0) {
      shell
          .out()
          .printf(
              "%d secrets open with none of the hub's keys: give it the old key again, or have their"
                  + " tenants set them anew%n",
              unopened);
    }
    shell.out().flush();
    return unopened > 0 ? 1 : 0;
  }
}
