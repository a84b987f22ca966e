package dev.parley.cli.audit;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.parley.cli.access.Answers;
import dev.parley.cli.access.HubOptions;
import dev.parley.cli.shell.Shell;
import dev.parley.client.ParleyRest;
import dev.parley.protocol.audit.AuditChain;
import dev.parley.protocol.error.ParleyException;
import dev.parley.protocol.frame.Json;
import java.io.IOException;
import java.io.Writer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Reads a whole audit log and computes its hashes again, here and not at the hub. */
@Command(
    name = "verify",
    mixinStandardHelpOptions = true,
    description = {
      "Verifies an audit log: no entry was changed, taken out or put in.",
      "Exits 0 when it is whole, 1 when it is not. Note the anchor that it prints: with it you",
      "can tell later that nothing up to there was written anew."
    },
    footer = {
      "",
      "Examples:",
      "  parley audit verify",
      "  parley audit verify --anchor 128:9f2c…",
      "  parley audit verify --save audit.jsonl"
    })
public final class AuditVerifyCommand implements Callable<Integer> {
  private static final int PAGE = 500;
  private static final int BROKEN = 1;

  private final Shell shell;
  @Mixin private final HubOptions hub;

  @Option(
      names = "--tenant",
      paramLabel = "<id>",
      description = "the log of this tenant, for the platform's auditors; without it one's own")
  private @Nullable String tenant;

  @Option(names = "--platform", description = "the log of the platform itself, for its auditors")
  private boolean platform;

  @Option(
      names = "--anchor",
      paramLabel = "<seq:hash>",
      description = "what an earlier verification printed")
  private @Nullable String anchor;

  @Option(
      names = "--save",
      paramLabel = "<file>",
      description = "write the entries with their hashes as JSON Lines")
  private @Nullable Path save;

  public AuditVerifyCommand(Shell shell) {
    this.shell = shell;
    this.hub = new HubOptions(shell);
  }

  @Override
  public Integer call() throws Exception {
    Anchor known = anchor == null ? null : Anchor.parse(anchor);
    if (save == null) {
      return verify(known, Writer.nullWriter());
    }
    try (Writer file = Files.newBufferedWriter(save)) {
      return verify(known, file);
    }
  }

  private int verify(@Nullable Anchor known, Writer file) throws IOException, InterruptedException {
    ParleyRest rest = hub.rest();
    JsonNode page = read(rest, 0);
    if (page.at("/head/seq").asLong() == 0) {
      return known == null ? say("the log is empty") : broken("the log is empty: all is gone");
    }
    if (page.path("entries").isEmpty()) {
      return broken(
          "the log has no entry, but its head says that it has %d"
              .formatted(page.at("/head/seq").asLong()));
    }
    long first = number(page.path("entries").path(0));
    String before = page.path("before").asText();
    AuditChain chain = new AuditChain(first, before);
    boolean skipFirst = before.isEmpty();
    boolean anchored = false;
    while (true) {
      for (JsonNode entry : page.path("entries")) {
        String text = entry.path("text").asText();
        String hash = entry.path("hash").asText();
        if (skipFirst) {
          chain = new AuditChain(first + 1, hash);
          skipFirst = false;
        } else {
          Optional<String> wrong = chain.append(text, hash);
          if (wrong.isPresent()) {
            return broken(wrong.get());
          }
        }
        if (known != null && number(entry) == known.seq()) {
          anchored = true;
          if (!known.hash().equals(hash)) {
            return broken(
                "entry %d has the hash %s, not that of the anchor: the log was written anew"
                    .formatted(known.seq(), hash));
          }
        }
        file.write(Json.write(entry));
        file.write('\n');
      }
      if (!page.has("next")) {
        break;
      }
      page = read(rest, page.path("next").asLong());
    }
    JsonNode head = page.path("head");
    if (head.path("seq").asLong() != chain.next() - 1
        || !head.path("hash").asText().equals(chain.head())) {
      return broken(
          "it ends at entry %d, but its head says %d: entries at the end are missing"
              .formatted(chain.next() - 1, head.path("seq").asLong()));
    }
    if (known != null && !anchored) {
      return broken(
          known.seq() < first
              ? "entry %d of the anchor is no longer kept; the log begins at %d"
                  .formatted(known.seq(), first)
              : "the log ends before entry %d of the anchor".formatted(known.seq()));
    }
    return whole(first, chain, before.isEmpty());
  }

  private int whole(long first, AuditChain chain, boolean cut) {
    say("whole: %d entries, %d to %d".formatted(chain.next() - first, first, chain.next() - 1));
    if (cut) {
      say("older entries are no longer kept; the first one kept is taken as it is");
    }
    return say("anchor: %d:%s".formatted(chain.next() - 1, chain.head()));
  }

  private int say(String line) {
    shell.out().println(line);
    shell.out().flush();
    return 0;
  }

  private int broken(String what) {
    shell.err().println("parley: the audit log is NOT whole: " + what);
    shell.err().flush();
    return BROKEN;
  }

  private JsonNode read(ParleyRest rest, long after) throws InterruptedException {
    ObjectNode params = Json.object().put("after", after).put("limit", PAGE);
    if (tenant != null) {
      params.put("tenant", tenant);
    }
    String operation = tenant != null || platform ? "admin.audit.list" : "audit.list";
    return Answers.await(rest.request(operation, params));
  }

  private static long number(JsonNode entry) {
    return Json.parse("entry", entry.path("text").asText()).path("seq").asLong();
  }

  private record Anchor(long seq, String hash) {
    static Anchor parse(String text) {
      if (!text.matches("[1-9]\\d{0,15}:[0-9a-f]{64}")) {
        throw ParleyException.invalid(
            "anchor", "--anchor takes what verify printed: a number, a colon and 64 digits");
      }
      int colon = text.indexOf(':');
      return new Anchor(Long.parseLong(text.substring(0, colon)), text.substring(colon + 1));
    }
  }
}
