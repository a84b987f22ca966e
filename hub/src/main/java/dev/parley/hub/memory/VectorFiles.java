package dev.parley.hub.memory;

import dev.parley.hub.disk.OpenDirectory;
import dev.parley.hub.disk.OpenDirectory.Missing;
import dev.parley.hub.tenant.TenantScope;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The provider's vectors on disk, one file for each source, {@code
 * agents/<agent>/memory-vectors/<hash of the id>} below the tenant's directory: they cost tokens,
 * so an index is made anew without paying for them again, on any node. A file that cannot be read
 * counts as none. Blocks.
 */
final class VectorFiles {
  private static final Logger LOG = LoggerFactory.getLogger(VectorFiles.class);
  private static final String DIRECTORY = "memory-vectors";
  private static final int FORMAT = 0x504d5631;
  private static final int MOST_BYTES = 64 << 20;
  private static final int MOST_DIMENSIONS = 8_192;
  private static final int HASH_BYTES = 32;

  private final Path root;
  private final String tenant;

  VectorFiles(TenantScope scope) {
    this.root = Objects.requireNonNull(scope.directory().getParent(), "workspace root");
    this.tenant = scope.tenant().value();
  }

  /** The vectors of this source by this model, null when there are none. */
  @Nullable Vectors read(DocumentName name, String fingerprint) {
    try (OpenDirectory directory = open(name, Missing.FAIL)) {
      byte[] bytes = directory.read(fileOf(name), MOST_BYTES);
      Vectors vectors = parse(bytes);
      return vectors.fingerprint().equals(fingerprint) ? vectors : null;
    } catch (NoSuchFileException e) {
      return null;
    } catch (IOException | IllegalArgumentException e) {
      LOG.warn("the vectors of {} of {} cannot be read and are made again", name, tenant, e);
      return null;
    }
  }

  void write(DocumentName name, Vectors vectors) {
    try {
      byte[] bytes = bytes(vectors);
      OpenDirectory.retrying(
          () -> {
            try (OpenDirectory directory = open(name, Missing.CREATE)) {
              directory.replace(fileOf(name), bytes);
              return true;
            }
          });
    } catch (IOException e) {
      LOG.warn("the vectors of {} of {} cannot be kept", name, tenant, e);
    }
  }

  void delete(DocumentName name) {
    try (OpenDirectory directory = open(name, Missing.FAIL)) {
      directory.deleteFile(fileOf(name));
    } catch (NoSuchFileException e) {
      LOG.debug("{} has no vectors", name);
    } catch (IOException e) {
      LOG.warn("the vectors of {} of {} cannot be deleted", name, tenant, e);
    }
  }

  private static byte[] bytes(Vectors vectors) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (DataOutputStream out = new DataOutputStream(bytes)) {
      out.writeInt(FORMAT);
      out.writeUTF(vectors.fingerprint());
      out.writeInt(vectors.byHash().size());
      for (Map.Entry<String, float[]> entry : vectors.byHash().entrySet()) {
        out.write(HexFormat.of().parseHex(entry.getKey()));
        out.writeInt(entry.getValue().length);
        for (float value : entry.getValue()) {
          out.writeFloat(value);
        }
      }
    }
    return bytes.toByteArray();
  }

  private static Vectors parse(byte[] bytes) throws IOException {
    try (DataInputStream in = new DataInputStream(new ByteArrayInputStream(bytes))) {
      if (in.readInt() != FORMAT) {
        throw new IOException("not a file of vectors");
      }
      String fingerprint = in.readUTF();
      int count = in.readInt();
      Map<String, float[]> vectors = new HashMap<>();
      for (int i = 0; i < count; i++) {
        String hash = HexFormat.of().formatHex(in.readNBytes(HASH_BYTES));
        int dimensions = in.readInt();
        if (dimensions < 1 || dimensions > MOST_DIMENSIONS) {
          throw new IOException("a vector of %d dimensions".formatted(dimensions));
        }
        float[] vector = new float[dimensions];
        for (int j = 0; j < dimensions; j++) {
          vector[j] = in.readFloat();
        }
        vectors.put(hash, vector);
      }
      return new Vectors(fingerprint, vectors);
    }
  }

  private OpenDirectory open(DocumentName name, Missing missing) throws IOException {
    return OpenDirectory.walk(
        root, List.of(tenant, "agents", name.agent().value(), DIRECTORY), missing);
  }

  private static String fileOf(DocumentName name) {
    return Vectors.hash(name.id());
  }
}
