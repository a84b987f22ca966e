package dev.parley.hub.agent;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.parley.hub.model.ToolSpec;
import dev.parley.hub.workspace.FileMatches;
import dev.parley.hub.workspace.FileQuery;
import dev.parley.hub.workspace.Precondition;
import dev.parley.hub.workspace.Workspace;
import dev.parley.protocol.error.ParleyException;
import dev.parley.protocol.frame.Json;
import io.vertx.core.Future;
import java.util.List;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** The tools with which a hosted agent works on its own files. */
final class FileTools {
  private static final int MOST_MATCHES = 50;

  static final List<ToolSpec> SPECS =
      List.of(
          spec(
              "list_files",
              "Lists the files of your workspace, or of a directory in it.",
              """
              {"type":"object","properties":{"directory":{"type":"string"}}}"""),
          spec(
              "read_file",
              "Reads a text file of your workspace.",
              """
              {"type":"object","required":["path"],"properties":{"path":{"type":"string"}}}"""),
          spec(
              "write_file",
              "Writes a text file of your workspace, or adds to its end.",
              """
              {"type":"object","required":["path","content"],"properties":{
               "path":{"type":"string"},"content":{"type":"string"},
               "append":{"type":"boolean","description":"add to the end instead of replacing"}}}"""),
          spec(
              "move_file",
              "Gives a file or a directory of your workspace another path; replaces nothing.",
              """
              {"type":"object","required":["from","to"],"properties":{
               "from":{"type":"string"},"to":{"type":"string"}}}"""),
          spec(
              "delete_file",
              "Deletes a file of your workspace.",
              """
              {"type":"object","required":["path"],"properties":{"path":{"type":"string"}}}"""),
          spec(
              "search_files",
              "Looks for files of your workspace by text in them, by name, or both.",
              """
              {"type":"object","properties":{
               "text":{"type":"string","description":"what a line contains, in any case"},
               "name":{"type":"string","description":"for example *.md or notes/**"}}}"""));

  private final Workspace files;

  FileTools(Workspace files) {
    this.files = files;
  }

  /**
   * Runs one of these tools.
   *
   * @return null when it is none of these
   */
  @Nullable Future<String> run(String tool, ObjectNode arguments) {
    return switch (tool) {
      case "list_files" -> list(arguments);
      case "read_file" -> files.read(text(arguments, "path")).map(file -> file.text());
      case "write_file" -> write(arguments);
      case "move_file" ->
          files
              .move(text(arguments, "from"), text(arguments, "to"), false, Precondition.NONE)
              .map(moved -> "moved to " + moved.name());
      case "delete_file" -> delete(text(arguments, "path"));
      case "search_files" -> search(arguments);
      default -> null;
    };
  }

  private Future<String> list(ObjectNode arguments) {
    return files
        .list(arguments.path("directory").asText())
        .map(
            all ->
                all.stream()
                    .map(file -> file.name() + " (" + file.size() + " bytes)")
                    .collect(Collectors.joining("\n")));
  }

  private Future<String> write(ObjectNode arguments) {
    String path = text(arguments, "path");
    String content = text(arguments, "content");
    return (arguments.path("append").asBoolean()
            ? files.append(path, content)
            : files.write(path, content))
        .map(file -> "wrote " + file.name() + " (" + file.size() + " bytes)");
  }

  private Future<String> delete(String path) {
    return files
        .delete(path)
        .map(
            deleted -> {
              if (!deleted) {
                throw ParleyException.notFound(path);
              }
              return "deleted " + path;
            });
  }

  private Future<String> search(ObjectNode arguments) {
    String text = arguments.path("text").textValue();
    String name = arguments.path("name").textValue();
    if (text == null && name == null) {
      throw ParleyException.invalid("text", "the tool needs the argument text, name, or both");
    }
    return files
        .search(new FileQuery("", text, name, true, MOST_MATCHES, null))
        .map(FileTools::describe);
  }

  private static String describe(FileMatches found) {
    if (found.matches().isEmpty()) {
      return "nothing found in " + found.searched() + " files";
    }
    String lines =
        found.matches().stream()
            .map(
                match ->
                    match.line() == 0
                        ? match.path()
                        : match.path() + ":" + match.line() + ": " + match.text())
            .collect(Collectors.joining("\n"));
    return found.after() == null
        ? lines
        : lines + "\n… and maybe more; look for something narrower";
  }

  static String text(ObjectNode arguments, String name) {
    JsonNode value = arguments.path(name);
    if (!value.isTextual()) {
      throw ParleyException.invalid(name, "the tool needs the string argument " + name);
    }
    return value.textValue();
  }

  static ToolSpec spec(String name, String description, String parameters) {
    return new ToolSpec(name, description, Json.parseObject("parameters", parameters));
  }
}
