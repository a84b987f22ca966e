package dev.parley.hub.settings;

import dev.parley.protocol.error.ParleyException;
import java.io.IOException;
import java.io.Reader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;

/**
 * The values of all settings: options first, then the environment, then the file, then defaults.
 */
public final class Settings {
  private final Map<String, String> texts;

  private Settings(Map<String, String> texts) {
    this.texts = texts;
  }

  /**
   * Puts the values together and checks every one.
   *
   * @param options by name without dashes
   * @param environment of the process
   * @throws ParleyException {@code invalid_request} for an unknown name or bad value
   */
  public static Settings of(Map<String, String> options, Map<String, String> environment) {
    Map<String, String> texts = new LinkedHashMap<>();
    Map<String, String> file = fromFile(options, environment);
    for (Setting<?> setting : HubSettings.ALL) {
      String text = setting.defaultText();
      text = file.getOrDefault(setting.name(), text);
      text = environment.getOrDefault(setting.variable(), text);
      text = options.getOrDefault(setting.name(), text);
      setting.parse(text);
      texts.put(setting.name(), text);
    }
    requireKnown(options);
    requireKnown(file);
    return new Settings(texts);
  }

  public <T> T get(Setting<T> setting) {
    return setting.parse(texts.getOrDefault(setting.name(), setting.defaultText()));
  }

  /** The same with other values for some settings. */
  public Settings with(Map<String, String> options) {
    Map<String, String> all = new LinkedHashMap<>(texts);
    all.putAll(options);
    return of(all, Map.of());
  }

  private static void requireKnown(Map<String, String> options) {
    List<String> names = HubSettings.ALL.stream().map(Setting::name).toList();
    for (String name : options.keySet()) {
      if (!names.contains(name)) {
        throw ParleyException.invalid(
            name, "there is no setting " + name + "; see: parley serve --help");
      }
    }
  }

  private static Map<String, String> fromFile(
      Map<String, String> options, Map<String, String> environment) {
    String path =
        options.getOrDefault(
            HubSettings.CONFIG.name(), environment.getOrDefault(HubSettings.CONFIG.variable(), ""));
    Map<String, String> values = new LinkedHashMap<>();
    if (path.isEmpty()) {
      return values;
    }
    Properties properties = new Properties();
    try (Reader reader = Files.newBufferedReader(Path.of(path), StandardCharsets.UTF_8)) {
      properties.load(reader);
    } catch (IOException | IllegalArgumentException e) {
      throw ParleyException.invalid(
          HubSettings.CONFIG.name(), "the settings file %s cannot be read: %s".formatted(path, e));
    }
    properties
        .stringPropertyNames()
        .forEach(name -> values.put(name, properties.getProperty(name)));
    return values;
  }
}
