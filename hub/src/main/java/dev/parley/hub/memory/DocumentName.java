package dev.parley.hub.memory;

import dev.parley.protocol.address.AgentId;
import java.util.regex.Pattern;

/**
 * Names a piece of memory inside a tenant: whose it is, and which.
 *
 * @param id of a document put explicitly, or the path of a Markdown file; the two cannot be mixed
 *     up, as a document's id has no dot and no slash
 */
record DocumentName(AgentId agent, String id) {
  private static final Pattern ID = Pattern.compile("(?=.{1,64}$)[a-z0-9]+([_-][a-z0-9]+)*");

  static DocumentName parse(String text) {
    int slash = text.indexOf('/');
    return new DocumentName(new AgentId(text.substring(0, slash)), text.substring(slash + 1));
  }

  /** Whether this can be the id of a document. */
  static boolean isDocumentId(String id) {
    return ID.matcher(id).matches();
  }

  /** Whether this is the path of a Markdown file that counts as memory. */
  static boolean isMemoryFile(String path) {
    return path.equals("MEMORY.md") || (path.startsWith("memory/") && path.endsWith(".md"));
  }

  @Override
  public String toString() {
    return agent + "/" + id;
  }
}
