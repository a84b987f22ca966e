package dev.parley.client;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.parley.protocol.frame.Json;
import java.io.FileNotFoundException;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The files of one agent's workspace. Files and archives of any size are streamed between disk and
 * hub. Immutable and thread-safe; made by {@link ParleyRest#files}. All futures fail as those of
 * {@link ParleyRest#request} do; what changes something also with {@code limit_exceeded}, when the
 * tenant's files take as much as they may.
 *
 * <p>An entity tag is the SHA-256 of a file's bytes, in hexadecimal. A change that names the tag of
 * what it changes fails with {@code precondition_failed} when that is not what is there any more.
 */
public final class ParleyFiles {
  private final ParleyRest rest;
  private final String agent;

  ParleyFiles(ParleyRest rest, String agent) {
    this.rest = rest;
    this.agent = agent;
  }

  /**
   * The files of a directory: {@code files} and {@code directories}.
   *
   * @param directory null for the whole workspace
   * @param recursive whether those in directories below it too
   */
  public CompletableFuture<JsonNode> list(@Nullable String directory, boolean recursive) {
    ObjectNode params = params();
    if (directory != null) {
      params.put("directory", directory);
    }
    return rest.request("files.list", recursive ? params.put("recursive", true) : params);
  }

  /** A file's text, up to 1 MiB; fails with {@code conflict} when it is not UTF-8. */
  public CompletableFuture<String> text(String path) {
    return rest.request("files.read", params().put("path", path).put("length", 1 << 20))
        .thenApply(answer -> answer.path("content").asText());
  }

  /**
   * Writes text, up to 1 MiB; answers what the file is then.
   *
   * @param etag of the file that it replaces; null to write in any case
   */
  public CompletableFuture<JsonNode> write(String path, String text, @Nullable String etag) {
    ObjectNode params = params().put("path", path).put("content", text);
    return rest.request("files.write", etag == null ? params : params.put("ifMatch", etag))
        .thenApply(answer -> answer.path("file"));
  }

  /** Adds text to the end of a file, or makes it; answers what the file is then. */
  public CompletableFuture<JsonNode> append(String path, String text) {
    return rest.request("files.append", params().put("path", path).put("content", text))
        .thenApply(answer -> answer.path("file"));
  }

  /**
   * Gives a file or directory another path.
   *
   * @param replace whether a file there may go, which is else a {@code conflict}
   */
  public CompletableFuture<JsonNode> move(String source, String target, boolean replace) {
    ObjectNode params = params().put("source", source).put("target", target);
    return rest.request("files.move", replace ? params.put("replace", true) : params);
  }

  /** Deletes a file, or a directory; answers whether it was there. */
  public CompletableFuture<Boolean> delete(String path, boolean recursive) {
    ObjectNode params = params().put("path", path);
    return rest.request("files.delete", recursive ? params.put("recursive", true) : params)
        .thenApply(answer -> answer.path("deleted").asBoolean());
  }

  /**
   * Looks for files: {@code matches}, and {@code after} when there may be more.
   *
   * @param text what a line must contain; null to look at names only
   * @param name for example {@code *.md} or {@code notes/**}; null for any
   */
  public CompletableFuture<JsonNode> search(@Nullable String text, @Nullable String name) {
    ObjectNode params = params();
    if (text != null) {
      params.put("text", text);
    }
    return rest.request("files.search", name == null ? params : params.put("name", name));
  }

  /**
   * Sends a file of any size; answers what it is then. The deadline of {@link ParleyRest#timeout}
   * is for all of it.
   *
   * @param etag of the file that it replaces; null to write in any case
   * @throws FileNotFoundException when there is no such file here
   */
  public CompletableFuture<JsonNode> upload(Path from, String path, @Nullable String etag)
      throws FileNotFoundException {
    ObjectNode params = params().put("path", path);
    return rest.send(
            "files.upload",
            etag == null ? params : params.put("ifMatch", etag),
            HttpRequest.BodyPublishers.ofFile(from))
        .thenApply(answer -> answer.path("file"));
  }

  /**
   * Fetches a file of any size into a file, which is made or replaced; when the future fails, what
   * is in it is not whole. The deadline of {@link ParleyRest#timeout} is for all of it.
   */
  public CompletableFuture<Path> download(String path, Path to) {
    return rest.fetch("files.download", params().put("path", path), null, () -> into(to));
  }

  /**
   * Fetches all files as an archive; as {@link #download}.
   *
   * @param format {@code zip} or {@code tar.gz}
   */
  public CompletableFuture<Path> exportArchive(String format, Path to) {
    return rest.fetch("files.export", params().put("format", format), null, () -> into(to));
  }

  /**
   * Sends an archive whose files come into the workspace; all of it is refused when one of them
   * must not.
   *
   * @param format {@code zip} or {@code tar.gz}
   * @param replace whether files that exist may go, which is else a {@code conflict}
   * @param progress is told {@code {phase, files, bytes}} while it goes on
   * @return how many {@code files} and {@code bytes} were written
   * @throws FileNotFoundException when there is no such file here
   */
  public CompletableFuture<JsonNode> importArchive(
      Path from, String format, boolean replace, Consumer<JsonNode> progress)
      throws FileNotFoundException {
    ObjectNode params = params().put("format", format).put("progress", true);
    return rest.fetch(
            "files.import",
            replace ? params.put("replace", true) : params,
            HttpRequest.BodyPublishers.ofFile(from),
            () -> ProgressLines.subscriber(progress))
        .thenApply(ProgressLines::result);
  }

  private static HttpResponse.BodySubscriber<Path> into(Path to) {
    return HttpResponse.BodySubscribers.ofFile(
        to,
        StandardOpenOption.CREATE,
        StandardOpenOption.WRITE,
        StandardOpenOption.TRUNCATE_EXISTING);
  }

  private ObjectNode params() {
    return Json.object().put("agentId", agent);
  }
}
