package dev.parley.hub.plugin;

import com.dylibso.chicory.wasm.ChicoryException;
import com.dylibso.chicory.wasm.Parser;
import com.dylibso.chicory.wasm.WasmModule;
import com.dylibso.chicory.wasm.types.ActiveDataSegment;
import com.dylibso.chicory.wasm.types.ActiveElement;
import com.dylibso.chicory.wasm.types.DataSegment;
import com.dylibso.chicory.wasm.types.Element;
import com.dylibso.chicory.wasm.types.Export;
import com.dylibso.chicory.wasm.types.ExternalType;
import com.dylibso.chicory.wasm.types.FunctionBody;
import com.dylibso.chicory.wasm.types.FunctionImport;
import com.dylibso.chicory.wasm.types.FunctionType;
import com.dylibso.chicory.wasm.types.Global;
import com.dylibso.chicory.wasm.types.Import;
import com.dylibso.chicory.wasm.types.Instruction;
import com.dylibso.chicory.wasm.types.OpCode;
import com.dylibso.chicory.wasm.types.ValType;
import dev.parley.protocol.error.ParleyException;
import java.io.ByteArrayInputStream;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Parses and validates a module and insists on what makes it safe to run. The instructions are
 * those of WebAssembly 1.0 with bulk memory, sign extension and saturating truncation: no
 * instruction takes memory from the heap but {@code memory.grow}, which is capped, and none changes
 * the parsed module, so that instances for different tenants share nothing that can be written.
 * Tables that grow, segments that are dropped, references, exceptions, threads, tail calls,
 * garbage-collected types and vectors are refused.
 */
final class ModuleCheck {
  static final int MAX_LOCALS = 1_024;

  private static final int MAX_NESTING = 256;
  private static final int MAX_TABLE = 10_000;
  private static final int MAX_TABLES = 4;
  private static final int MAX_GLOBALS = 10_000;
  private static final String ALLOC = "alloc";
  private static final String MEMORY = "memory";
  private static final FunctionType ALLOC_TYPE =
      FunctionType.of(List.of(ValType.I32), List.of(ValType.I32));
  private static final FunctionType TOOL_TYPE =
      FunctionType.of(List.of(ValType.I32, ValType.I32), List.of(ValType.I64));
  private static final Set<ValType> NUMBERS =
      Set.of(ValType.I32, ValType.I64, ValType.F32, ValType.F64);
  private static final Set<OpCode> NUMBER_CONSTANTS =
      EnumSet.of(
          OpCode.I32_CONST,
          OpCode.I64_CONST,
          OpCode.F32_CONST,
          OpCode.F64_CONST,
          OpCode.GLOBAL_GET,
          OpCode.END);
  private static final Set<OpCode> FUNCTION_CONSTANTS =
      EnumSet.of(OpCode.REF_FUNC, OpCode.REF_NULL, OpCode.END);
  private static final Set<OpCode> ALLOWED = allowed();

  private ModuleCheck() {}

  private static Set<OpCode> allowed() {
    Set<OpCode> codes =
        EnumSet.of(
            OpCode.UNREACHABLE,
            OpCode.NOP,
            OpCode.BLOCK,
            OpCode.LOOP,
            OpCode.IF,
            OpCode.ELSE,
            OpCode.END,
            OpCode.BR,
            OpCode.BR_IF,
            OpCode.BR_TABLE,
            OpCode.RETURN,
            OpCode.CALL,
            OpCode.CALL_INDIRECT,
            OpCode.DROP,
            OpCode.SELECT,
            OpCode.MEMORY_COPY,
            OpCode.MEMORY_FILL);
    codes.addAll(EnumSet.range(OpCode.LOCAL_GET, OpCode.GLOBAL_SET));
    codes.addAll(EnumSet.range(OpCode.I32_LOAD, OpCode.I64_EXTEND_32_S));
    codes.addAll(EnumSet.range(OpCode.I32_TRUNC_SAT_F32_S, OpCode.I64_TRUNC_SAT_F64_U));
    return codes;
  }

  /**
   * Parses a module and checks it against its manifest.
   *
   * @throws ParleyException {@code invalid_request} with the field {@code wasm}
   */
  static WasmModule parse(byte[] bytes, PluginManifest manifest, PluginSettings settings) {
    if (!LocalsCheck.passes(bytes, MAX_LOCALS)) {
      throw refused(
          "it is no WebAssembly module, or has a function with more than %d variables"
              .formatted(MAX_LOCALS));
    }
    WasmModule module = parse(bytes);
    requirePlain(module);
    requireMemory(module, settings.memoryPages());
    requireImports(module, manifest);
    requireExport(module, MEMORY, ExternalType.MEMORY);
    requireFunction(module, ALLOC, ALLOC_TYPE, "(i32) -> i32");
    for (PluginManifest.Tool tool : manifest.tools()) {
      requireFunction(module, tool.name(), TOOL_TYPE, "(i32, i32) -> i64");
    }
    return module;
  }

  private static WasmModule parse(byte[] bytes) {
    try {
      return Parser.builder()
          .withCustomParsers(Map.of())
          .build()
          .parse(() -> new ByteArrayInputStream(bytes));
    } catch (ChicoryException e) {
      throw refused("it is no valid WebAssembly module: " + brief(e));
    } catch (RuntimeException | StackOverflowError e) {
      throw refused("it cannot be read");
    }
  }

  private static void requirePlain(WasmModule module) {
    if (module.startSection().isPresent()) {
      throw refused("it has a start function, and only tools are run");
    }
    if (module.tagSection().isPresent()) {
      throw refused("it has exceptions");
    }
    for (FunctionType type : module.typeSection().types()) {
      if (type == null
          || !NUMBERS.containsAll(type.params())
          || !NUMBERS.containsAll(type.returns())) {
        throw refused("it has functions that take or return something other than numbers");
      }
      if (type.params().size() > MAX_NESTING || type.returns().size() > MAX_NESTING) {
        throw refused("it has functions with more than %d parameters".formatted(MAX_NESTING));
      }
    }
    requireTablesAndGlobals(module);
    for (FunctionBody body : module.codeSection().functionBodies()) {
      if (!NUMBERS.containsAll(body.localTypes())) {
        throw refused("it has variables that are no numbers");
      }
      body.instructions().forEach(ModuleCheck::requireAllowed);
      requireShallow(body);
    }
  }

  private static void requireTablesAndGlobals(WasmModule module) {
    if (module.tableSection().tableCount() > MAX_TABLES) {
      throw refused("it has more than %d tables".formatted(MAX_TABLES));
    }
    for (int i = 0; i < module.tableSection().tableCount(); i++) {
      if (module.tableSection().getTable(i).limits().min() > MAX_TABLE) {
        throw refused("it has a table of more than %d entries".formatted(MAX_TABLE));
      }
    }
    if (module.globalSection().globalCount() > MAX_GLOBALS) {
      throw refused("it has more than %d globals".formatted(MAX_GLOBALS));
    }
    for (Global global : module.globalSection().globals()) {
      if (!NUMBERS.contains(global.valueType())) {
        throw refused("it has a global that is no number");
      }
      requireConstant(global.initInstructions(), NUMBER_CONSTANTS);
    }
    requireSegments(module);
  }

  /** What is computed when an instance is made: not counted by the meter, so it must be simple. */
  private static void requireSegments(WasmModule module) {
    for (int i = 0; i < module.tableSection().tableCount(); i++) {
      requireConstant(module.tableSection().getTable(i).initialize(), FUNCTION_CONSTANTS);
    }
    for (Element element : module.elementSection().elements()) {
      element.initializers().forEach(one -> requireConstant(one, FUNCTION_CONSTANTS));
      if (element instanceof ActiveElement active) {
        requireConstant(active.offset(), NUMBER_CONSTANTS);
      }
    }
    for (DataSegment data : module.dataSection().dataSegments()) {
      if (data instanceof ActiveDataSegment active) {
        requireConstant(active.offsetInstructions(), NUMBER_CONSTANTS);
      }
    }
  }

  private static void requireConstant(List<Instruction> instructions, Set<OpCode> allowed) {
    for (Instruction instruction : instructions) {
      if (!allowed.contains(instruction.opcode())) {
        throw refused("a constant of it needs the instruction " + instruction.opcode());
      }
    }
  }

  private static void requireAllowed(Instruction instruction) {
    if (!ALLOWED.contains(instruction.opcode())) {
      throw refused("the instruction %s is not supported".formatted(instruction.opcode()));
    }
  }

  private static void requireShallow(FunctionBody body) {
    int open = 0;
    for (Instruction instruction : body.instructions()) {
      switch (instruction.opcode()) {
        case BLOCK, LOOP, IF -> open++;
        case END -> open--;
        default -> {}
      }
      if (open > MAX_NESTING) {
        throw refused("it has blocks nested more than %d deep".formatted(MAX_NESTING));
      }
    }
  }

  private static void requireMemory(WasmModule module, int most) {
    boolean one =
        module.memorySection().isPresent() && module.memorySection().get().memoryCount() == 1;
    if (!one) {
      throw refused("it must have one memory of its own");
    }
    var limits = module.memorySection().get().getMemory(0).limits();
    if (limits.shared()) {
      throw refused("its memory is shared");
    }
    if (limits.initialPages() > most) {
      throw refused(
          "it wants %d pages of memory to begin with, and may have %d"
              .formatted(limits.initialPages(), most));
    }
  }

  private static void requireImports(WasmModule module, PluginManifest manifest) {
    for (int i = 0; i < module.importSection().importCount(); i++) {
      Import wanted = module.importSection().getImport(i);
      String name = wanted.module() + "." + wanted.name();
      HostCall known = HostCall.find(wanted.module(), wanted.name());
      if (known == null || !(wanted instanceof FunctionImport function)) {
        throw refused("it imports %s, which this hub does not have".formatted(printable(name)));
      }
      if (!known.type().equals(module.typeSection().getType(function.typeIndex()))) {
        throw refused("it imports %s with another type than it has".formatted(name));
      }
      Grant grant = known.grant();
      if (grant != null && !manifest.grants().contains(grant)) {
        throw refused(
            "it imports %s without the grant %s in its manifest".formatted(name, grant.wireName()));
      }
    }
  }

  private static void requireFunction(
      WasmModule module, String name, FunctionType type, String written) {
    int index = requireExport(module, name, ExternalType.FUNCTION);
    int imported = module.importSection().count(ExternalType.FUNCTION);
    boolean fits =
        index >= imported
            && index - imported < module.functionSection().functionCount()
            && module
                .functionSection()
                .getFunctionType(index - imported, module.typeSection())
                .equals(type);
    if (!fits) {
      throw refused("its function %s must be %s".formatted(name, written));
    }
  }

  private static int requireExport(WasmModule module, String name, ExternalType type) {
    Export export = find(module, name);
    if (export == null || export.exportType() != type) {
      throw refused(
          "it must export the %s %s"
              .formatted(type == ExternalType.FUNCTION ? "function" : "memory", name));
    }
    return export.index();
  }

  private static @Nullable Export find(WasmModule module, String name) {
    for (int i = 0; i < module.exportSection().exportCount(); i++) {
      Export export = module.exportSection().getExport(i);
      if (export.name().equals(name)) {
        return export;
      }
    }
    return null;
  }

  private static String brief(ChicoryException e) {
    String message = e.getMessage() == null ? "malformed" : e.getMessage();
    return printable(message.length() > 160 ? message.substring(0, 160) : message);
  }

  private static String printable(String text) {
    return text.replaceAll("[^\\x20-\\x7e]", "?");
  }

  private static ParleyException refused(String why) {
    return ParleyException.invalid("wasm", "the module is refused: " + why);
  }
}
