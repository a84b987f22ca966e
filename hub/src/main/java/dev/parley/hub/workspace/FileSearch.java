package dev.parley.hub.workspace;

import dev.parley.hub.disk.OpenDirectory;
import dev.parley.hub.disk.OpenDirectory.Missing;
import dev.parley.hub.disk.RefusedFileException;
import dev.parley.hub.workspace.FileMatches.Match;
import dev.parley.protocol.error.ParleyException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * Looks through files, one after the other in the order of paths; blocks. Ends after so many
 * matches, bytes or seconds, and says where to go on. The text is looked for as it is, so that no
 * pattern can make it slow.
 */
final class FileSearch {
  private static final int LARGEST_FILE = 4 << 20;
  private static final long MOST_BYTES = 64L << 20;
  private static final long LONGEST_NANOS = 2_000_000_000L;
  private static final int MOST_OF_ONE_FILE = 20;
  private static final int SHOWN = 200;

  private final WorkspaceFiles files;
  private final FileQuery query;
  private final @Nullable NamePattern name;
  private final String text;
  private final List<Match> matches = new ArrayList<>();
  private int searched;
  private int skipped;
  private long bytes;

  FileSearch(WorkspaceFiles files, FileQuery query) {
    this.files = files;
    this.query = query;
    name = query.name() == null ? null : new NamePattern(query.name(), query.ignoreCase());
    text = query.text() == null ? "" : fold(query.text());
  }

  FileMatches run() {
    long end = System.nanoTime() + LONGEST_NANOS;
    WorkspacePath directory =
        ParleyException.inField("directory", () -> WorkspacePath.ofDirectory(query.directory()));
    String last = query.after();
    if (last != null) {
      String start = last;
      var unused = ParleyException.inField("after", () -> WorkspacePath.ofFile(start));
    }
    for (FileEntry file : files.list(directory)) {
      if (query.after() != null && file.name().compareTo(query.after()) <= 0) {
        continue;
      }
      if (matches.size() >= query.limit() || bytes > MOST_BYTES || System.nanoTime() > end) {
        return new FileMatches(matches, searched, skipped, last);
      }
      look(file);
      last = file.name();
    }
    return new FileMatches(matches, searched, skipped, null);
  }

  private void look(FileEntry file) {
    if (name != null && !name.matches(file.name())) {
      return;
    }
    searched++;
    if (query.text() == null) {
      matches.add(new Match(file.name(), 0, ""));
      return;
    }
    String content = content(WorkspacePath.ofFile(file.name()));
    if (content == null) {
      skipped++;
    } else {
      lines(file.name(), content);
    }
  }

  private @Nullable String content(WorkspacePath path) {
    try (OpenDirectory parent = files.open(path.parents(), Missing.FAIL)) {
      byte[] read = parent.read(path.last(), LARGEST_FILE);
      bytes += read.length;
      for (int i = 0; i < read.length; i++) {
        if (read[i] == 0) {
          return null;
        }
      }
      return read.length > LARGEST_FILE
          ? null
          : StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(read)).toString();
    } catch (NoSuchFileException
        | NotDirectoryException
        | RefusedFileException
        | CharacterCodingException e) {
      return null;
    } catch (IOException e) {
      return FileErrors.guarded(
          "search",
          path,
          () -> {
            throw e;
          });
    }
  }

  private void lines(String path, String content) {
    int most = Math.min(MOST_OF_ONE_FILE, query.limit() - matches.size());
    int start = 0;
    for (int line = 1; start <= content.length() && most > 0; line++) {
      int found = content.indexOf('\n', start);
      int end = found < 0 ? content.length() : found;
      String whole = content.substring(start, end);
      int at = fold(whole).indexOf(text);
      if (at >= 0) {
        matches.add(new Match(path, line, shown(whole, at)));
        most--;
      }
      start = end + 1;
    }
  }

  private static String shown(String line, int at) {
    if (line.length() <= SHOWN) {
      return line.stripTrailing();
    }
    int start = Math.max(0, Math.min(at - SHOWN / 4, line.length() - SHOWN));
    return (start > 0 ? "…" : "")
        + line.substring(start, start + SHOWN)
        + (start + SHOWN < line.length() ? "…" : "");
  }

  private String fold(String line) {
    return query.ignoreCase() ? line.toLowerCase(Locale.ROOT) : line;
  }
}
