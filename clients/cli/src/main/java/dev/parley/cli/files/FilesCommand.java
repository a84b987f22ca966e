package dev.parley.cli.files;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import dev.parley.cli.access.Answers;
import dev.parley.cli.access.HubOptions;
import dev.parley.cli.shell.Output;
import dev.parley.cli.shell.Shell;
import dev.parley.client.ParleyFiles;
import dev.parley.client.ParleyRest;
import dev.parley.protocol.error.ErrorCode;
import dev.parley.protocol.error.ParleyException;
import dev.parley.protocol.frame.Json;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.MalformedInputException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.ScopeType;

/** {@code parley files}: works on the files of an agent. */
@Command(
    name = "files",
    mixinStandardHelpOptions = true,
    synopsisSubcommandLabel = "COMMAND",
    description = "The files of an agent's workspace.",
    footer = {
      "",
      "Examples:",
      "  parley files put report.pdf reports/2026.pdf",
      "  parley files ls reports",
      "  parley files get notes/today.md -",
      "  parley files search --text milk --name '*.md'"
    })
public final class FilesCommand {
  private static final Duration TRANSFER = Duration.ofHours(1);
  private static final String STANDARD = "-";

  private final Shell shell;

  @Mixin private final HubOptions hub;

  @Option(
      names = "--agent",
      paramLabel = "ID",
      scope = ScopeType.INHERIT,
      description = "whose files (default: main)")
  private String agent = "main";

  @Option(
      names = "--json",
      scope = ScopeType.INHERIT,
      description = "print the hub's answer as JSON")
  private boolean json;

  public FilesCommand(Shell shell) {
    this.shell = shell;
    this.hub = new HubOptions(shell);
  }

  @Command(mixinStandardHelpOptions = true, description = "Lists files and directories.")
  int ls(
      @Parameters(paramLabel = "DIRECTORY", arity = "0..1", description = "default: all")
          @Nullable String directory,
      @Option(
              names = {"-r", "--recursive"},
              description = "also what is in directories below")
          boolean recursive)
      throws Exception {
    JsonNode found = Answers.await(files().list(directory, recursive));
    if (json) {
      Output.print(shell, found, true);
      return 0;
    }
    ArrayNode rows = Json.mapper().createArrayNode();
    found.path("directories").forEach(name -> rows.addObject().put("path", name.asText() + "/"));
    found.path("files").forEach(rows::add);
    Output.print(shell, rows, false);
    return 0;
  }

  @Command(mixinStandardHelpOptions = true, description = "Fetches a file.")
  int get(
      @Parameters(index = "0", paramLabel = "PATH", description = "the file in the workspace")
          String path,
      @Parameters(
              index = "1",
              arity = "0..1",
              paramLabel = "FILE",
              description = "where to (default: its own name here), - for standard output")
          @Nullable String to,
      @Option(names = "--force", description = "replace a file that exists") boolean force)
      throws Exception {
    if (STANDARD.equals(to)) {
      Path fetched = Files.createTempFile("parley", ".part");
      try {
        fetch(fetched, part -> files().download(path, part));
        shell.out().print(Files.readString(fetched));
        shell.out().flush();
      } catch (MalformedInputException e) {
        throw new ParleyException(
            ErrorCode.CONFLICT, path + " is no text; name a FILE to put it in", e);
      } finally {
        Files.deleteIfExists(fetched);
      }
      return 0;
    }
    Path target = Path.of(to == null ? path.substring(path.lastIndexOf('/') + 1) : to);
    requireNew(target, force);
    long size = fetch(target, part -> files().download(path, part));
    Output.print(shell, Json.object().put("file", target.toString()).put("size", size), json);
    return 0;
  }

  @Command(mixinStandardHelpOptions = true, description = "Sends a file, and replaces one there.")
  int put(
      @Parameters(index = "0", paramLabel = "FILE", description = "the file, - for standard input")
          String from,
      @Parameters(
              index = "1",
              arity = "0..1",
              paramLabel = "PATH",
              description = "its path in the workspace (default: its own name)")
          @Nullable String path,
      @Option(
              names = "--if-match",
              paramLabel = "ETAG",
              description = "only if this is what it replaces")
          @Nullable String etag)
      throws Exception {
    boolean read = STANDARD.equals(from);
    if (read && path == null) {
      throw ParleyException.invalid("PATH", "name the path of what comes from standard input");
    }
    Path source = read ? standardInput() : Path.of(from);
    try {
      String target = path == null ? String.valueOf(source.getFileName()) : path;
      Output.print(shell, Answers.await(files().upload(source, target, etag)), json);
    } finally {
      if (read) {
        Files.deleteIfExists(source);
      }
    }
    return 0;
  }

  private Path standardInput() throws IOException {
    Path copy = Files.createTempFile("parley", ".in");
    try (InputStream in = shell.in()) {
      Files.copy(in, copy, StandardCopyOption.REPLACE_EXISTING);
    }
    return copy;
  }

  @Command(mixinStandardHelpOptions = true, description = "Deletes a file or a directory.")
  int rm(
      @Parameters(paramLabel = "PATH", description = "the file or directory") String path,
      @Option(
              names = {"-r", "--recursive"},
              description = "also a directory that is not empty")
          boolean recursive)
      throws Exception {
    if (!Answers.await(files().delete(path, recursive))) {
      throw ParleyException.notFound(path);
    }
    Output.print(shell, Json.object().put("deleted", path), json);
    return 0;
  }

  @Command(mixinStandardHelpOptions = true, description = "Gives a file or directory another path.")
  int mv(
      @Parameters(index = "0", paramLabel = "PATH", description = "the file or directory")
          String source,
      @Parameters(index = "1", paramLabel = "NEW-PATH", description = "its new path") String target,
      @Option(names = "--force", description = "replace a file that exists") boolean force)
      throws Exception {
    Output.print(shell, Answers.await(files().move(source, target, force)), json);
    return 0;
  }

  @Command(
      mixinStandardHelpOptions = true,
      description = "Looks for files by text in them, by name, or both.")
  int search(
      @Option(names = "--text", paramLabel = "TEXT", description = "what a line contains")
          @Nullable String text,
      @Option(
              names = "--name",
              paramLabel = "PATTERN",
              description = "for example *.md or notes/**")
          @Nullable String name)
      throws Exception {
    JsonNode found = Answers.await(files().search(text, name));
    Output.print(shell, json ? found : found.path("matches"), json);
    if (!json && found.has("after")) {
      shell.err().println("there may be more; look for something narrower");
    }
    return 0;
  }

  @Command(mixinStandardHelpOptions = true, description = "Shows what all files take, and may.")
  int usage() throws Exception {
    Output.print(shell, Answers.await(rest().request("files.usage", null)), json);
    return 0;
  }

  @Command(
      name = "export",
      mixinStandardHelpOptions = true,
      description = "Fetches all files as an archive, .zip or .tar.gz.")
  int exportArchive(
      @Parameters(paramLabel = "FILE", description = "where to") Path to,
      @Option(names = "--force", description = "replace a file that exists") boolean force)
      throws Exception {
    requireNew(to, force);
    String format = format(to);
    long size = fetch(to, part -> files().exportArchive(format, part));
    Output.print(shell, Json.object().put("file", to.toString()).put("size", size), json);
    return 0;
  }

  @Command(
      name = "import",
      mixinStandardHelpOptions = true,
      description = "Sends an archive, .zip or .tar.gz, whose files come into the workspace.")
  int importArchive(
      @Parameters(paramLabel = "FILE", description = "the archive") Path from,
      @Option(names = "--force", description = "replace files that exist") boolean force)
      throws Exception {
    boolean watched = shell.terminal().err();
    JsonNode imported =
        Answers.await(
            files().importArchive(from, format(from), force, step -> show(watched, step)));
    if (watched) {
      shell.err().println();
    }
    Output.print(shell, imported, json);
    return 0;
  }

  private void show(boolean watched, JsonNode step) {
    if (watched) {
      shell
          .err()
          .print(
              "\r%s %d files".formatted(step.path("phase").asText(), step.path("files").asLong()));
      shell.err().flush();
    }
  }

  private static String format(Path archive) {
    String name = archive.toString();
    if (name.endsWith(".zip")) {
      return "zip";
    }
    if (name.endsWith(".tar.gz") || name.endsWith(".tgz")) {
      return "tar.gz";
    }
    throw ParleyException.invalid("FILE", name + " must end with .zip, .tar.gz or .tgz");
  }

  private interface Fetching {
    CompletableFuture<Path> into(Path part) throws IOException;
  }

  private static void requireNew(Path target, boolean force) {
    if (!force && Files.exists(target)) {
      throw new ParleyException(
          ErrorCode.CONFLICT, target + " exists already; replace it with --force");
    }
  }

  /** Fetches beside the target and renames what is whole; answers its size. */
  private static long fetch(Path target, Fetching fetching) throws Exception {
    Path part = Files.createTempFile(target.toAbsolutePath().getParent(), ".parley", ".part");
    try {
      Answers.await(fetching.into(part));
      long size = Files.size(part);
      Files.move(part, target, StandardCopyOption.REPLACE_EXISTING);
      return size;
    } finally {
      Files.deleteIfExists(part);
    }
  }

  private ParleyRest rest() throws IOException {
    return hub.rest().timeout(TRANSFER);
  }

  private ParleyFiles files() throws IOException {
    return rest().files(agent);
  }
}
