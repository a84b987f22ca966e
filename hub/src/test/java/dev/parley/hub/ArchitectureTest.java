package dev.parley.hub;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;

import com.tngtech.archunit.core.domain.JavaCall;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.properties.HasName;
import com.tngtech.archunit.core.domain.properties.HasOwner;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;
import dev.parley.hub.access.HubPrincipals;
import dev.parley.hub.store.Keyspace;
import dev.parley.hub.switchboard.Endpoint;
import io.vertx.core.Vertx;
import java.net.URL;
import java.time.Clock;
import java.time.Instant;

@AnalyzeClasses(packages = "dev.parley.hub", importOptions = ImportOption.DoNotIncludeTests.class)
class ArchitectureTest {

  @ArchTest
  static final ArchRule redisStaysInTheStore =
      noClasses()
          .that()
          .resideOutsideOfPackage("..store..")
          .should()
          .dependOnClassesThat()
          .resideInAPackage("io.vertx.redis..");

  @ArchTest
  static final ArchRule aTenantsKeysAreReachedThroughItsScope =
      noClasses()
          .that()
          .resideOutsideOfPackages("..tenant..", "..access..", "..store..")
          .should()
          .callMethod(Keyspace.class, "of", dev.parley.protocol.address.TenantId.class);

  @ArchTest
  static final ArchRule gatewaysNeverReachAnAgentPastTheSwitchboard =
      noClasses()
          .that()
          .resideInAPackage("..gateway..")
          .should()
          .dependOnClassesThat()
          .areAssignableTo(Endpoint.class);

  @ArchTest
  static final ArchRule onlyKnownRoomsActForATenantThemselves =
      noClasses()
          .that()
          .resideOutsideOfPackages(
              "..access..",
              "..tenant..",
              "..agent..",
              "..channel..",
              "..mailbox..",
              "..market..",
              "..quota..",
              "..schedule..",
              "..room..",
              "..switchboard..",
              "..gateway..")
          .should()
          .dependOnClassesThat()
          .areAssignableTo(HubPrincipals.class);

  @ArchTest
  static final ArchRule theStoreKnowsNobody =
      noClasses()
          .that()
          .resideInAPackage("..hub.store..")
          .should()
          .dependOnClassesThat()
          .resideInAnyPackage(
              "..access..", "..tenant..", "..gateway..", "..agent..", "..channel..");

  @ArchTest
  static final ArchRule endpointsLiveWithAgents =
      classes().that().implement(Endpoint.class).should().resideInAPackage("..agent..");

  @ArchTest
  static final ArchRule theOneWayOutIsOutbound =
      noClasses()
          .that()
          .resideOutsideOfPackage("..outbound..")
          .should()
          .callMethodWhere(
              JavaCall.Predicates.target(
                      HasName.Predicates.nameMatching("create(Http|WebSocket)Client"))
                  .or(
                      JavaCall.Predicates.target(
                          HasName.Predicates.nameMatching("httpClientBuilder")))
                  .and(
                      JavaCall.Predicates.target(
                          HasOwner.Predicates.With.owner(
                              JavaClass.Predicates.assignableTo(Vertx.class)))))
          .orShould()
          .dependOnClassesThat()
          .resideInAnyPackage("java.net.http..", "io.vertx.ext.web.client..")
          .orShould()
          .callMethod(URL.class, "openConnection")
          .orShould()
          .callMethod(URL.class, "openStream");

  @ArchTest
  static final ArchRule timeIsThatOfTheStore =
      noClasses()
          .that()
          .resideOutsideOfPackage("..store..")
          .and()
          .doNotHaveSimpleName("RedisClock")
          .should()
          .callMethod(System.class, "currentTimeMillis")
          .orShould()
          .callMethod(Clock.class, "systemUTC")
          .orShould()
          .callMethod(Instant.class, "now");
}
