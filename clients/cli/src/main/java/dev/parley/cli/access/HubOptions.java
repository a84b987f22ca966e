package dev.parley.cli.access;

import dev.parley.cli.profile.Profile;
import dev.parley.cli.profile.Profiles;
import dev.parley.cli.shell.Shell;
import dev.parley.client.Gap;
import dev.parley.client.ParleyClient;
import dev.parley.client.ParleyClientBuilder;
import dev.parley.client.ParleyRest;
import dev.parley.protocol.error.ErrorCode;
import dev.parley.protocol.error.ParleyException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;
import picocli.CommandLine.ScopeType;

/**
 * Which hub, and as whom: {@code --url}, {@code --key-file} and {@code --profile} before {@code
 * PARLEY_URL} and {@code PARLEY_KEY} before the current profile. A key is never an argument: other
 * users of the machine would see it.
 */
public final class HubOptions {
  public static final String DEFAULT_URL = "http://127.0.0.1:8420";

  private final Map<String, String> environment;

  @Option(
      names = "--url",
      scope = ScopeType.INHERIT,
      paramLabel = "URL,...",
      description = {
        "the hub (default " + DEFAULT_URL + ");",
        "of several nodes, chat and connect go on at the next when one is gone"
      })
  private @Nullable String url;

  @Option(
      names = "--key-file",
      scope = ScopeType.INHERIT,
      paramLabel = "FILE",
      description = "file with the API key; else PARLEY_KEY, else the profile's")
  private @Nullable Path keyFile;

  @Option(
      names = "--profile",
      scope = ScopeType.INHERIT,
      paramLabel = "NAME",
      description = "a profile that signup saved, instead of the current one")
  private @Nullable String profile;

  public HubOptions(Shell shell) {
    this.environment = shell.environment();
  }

  public Profiles profiles() {
    return Profiles.of(environment);
  }

  /** The hub's URLs, with commas between. */
  public String url() throws IOException {
    String chosen = url == null ? environment.get("PARLEY_URL") : url;
    if (chosen != null) {
      return chosen;
    }
    Profile found = profiles().find(profile);
    return found == null ? DEFAULT_URL : found.url();
  }

  private String key() throws IOException {
    if (keyFile != null) {
      return Files.readString(keyFile).strip();
    }
    String fromEnvironment = environment.get("PARLEY_KEY");
    if (profile == null && fromEnvironment != null) {
      return fromEnvironment;
    }
    Profile found = profiles().find(profile);
    if (found == null) {
      throw new ParleyException(
          ErrorCode.UNAUTHORIZED,
          "no API key: run «parley signup NAME», or set PARLEY_KEY, or give --key-file");
    }
    return found.key();
  }

  public ParleyRest rest() throws IOException {
    return rest(url()).key(key());
  }

  public ParleyClientBuilder socket() throws IOException {
    ParleyClientBuilder builder = ParleyClient.builder().key(key()).onGap(HubOptions::ignore);
    urls(url()).forEach(builder::url);
    return builder;
  }

  /** A client without a key of the hub, or of the nodes of a cluster, at these URLs. */
  public static ParleyRest rest(String urls) {
    List<String> all = urls(urls);
    return ParleyRest.of(all.get(0), all.subList(1, all.size()).toArray(String[]::new));
  }

  private static List<String> urls(String text) {
    return Stream.of(text.split(",", -1)).map(String::strip).toList();
  }

  /** No command keeps state from events; of a chat run the SDK asks how it ended. */
  private static void ignore(Gap missed) {}
}
