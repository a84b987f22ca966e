package dev.parley.hub.cluster;

import com.hazelcast.cluster.Member;
import com.hazelcast.cluster.MembershipEvent;
import com.hazelcast.cluster.MembershipListener;
import com.hazelcast.core.HazelcastInstance;
import com.hazelcast.partition.MigrationListener;
import com.hazelcast.partition.MigrationState;
import com.hazelcast.partition.PartitionService;
import com.hazelcast.partition.ReplicaMigrationEvent;
import dev.parley.protocol.address.AgentAddress;
import dev.parley.protocol.error.ErrorCode;
import dev.parley.protocol.error.ParleyException;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.stream.Collectors;

/**
 * Which node an agent's place is: its address falls into a Hazelcast partition, the partition has
 * an owner, and an attribute of that member is the node's one address on the event bus. Nothing is
 * registered per agent, so nothing can go stale; after a change of membership the table says anew.
 */
public final class Placement {
  static final String ADDRESS = "parley.address";

  private final HazelcastInstance hazelcast;
  private final PartitionService partitions;
  private final String self;
  private final List<Runnable> listeners = new CopyOnWriteArrayList<>();

  /** Waits until the partitions have owners: call it on a worker. */
  Placement(HazelcastInstance hazelcast) {
    this.hazelcast = hazelcast;
    this.partitions = hazelcast.getPartitionService();
    this.self = address(hazelcast.getCluster().getLocalMember());
    partitions.getPartition(self).getOwner();
    hazelcast.getCluster().addMembershipListener(new Members());
    partitions.addMigrationListener(new Migrations());
    hazelcast.getLifecycleService().addLifecycleListener(event -> changed());
  }

  /** This node's address. */
  public String self() {
    return self;
  }

  /**
   * The address of the node that is the agent's place.
   *
   * @throws ParleyException {@code unavailable} while the cluster has no owner for it
   */
  public String of(AgentAddress agent) {
    Member owner = partitions.getPartition(agent.toString()).getOwner();
    if (owner == null) {
      throw new ParleyException(
              ErrorCode.UNAVAILABLE, "the cluster is finding a node for agent " + agent)
          .retryAfter(500);
    }
    return address(owner);
  }

  public boolean isHere(AgentAddress agent) {
    return of(agent).equals(self);
  }

  /** The addresses of all nodes, this one among them. */
  public Set<String> nodes() {
    return hazelcast.getCluster().getMembers().stream()
        .map(Placement::address)
        .collect(Collectors.toUnmodifiableSet());
  }

  /** Calls {@code listener} after members or places have changed; it must be quick. */
  public void onChange(Runnable listener) {
    listeners.add(listener);
  }

  /** One change at a time: listeners see members and places that are at least as new. */
  private synchronized void changed() {
    if (hazelcast.getLifecycleService().isRunning()) {
      listeners.forEach(Runnable::run);
    }
  }

  private static String address(Member member) {
    String address = member.getAttribute(ADDRESS);
    return address == null ? "node." + member.getUuid() : address;
  }

  private final class Members implements MembershipListener {
    @Override
    public void memberAdded(MembershipEvent event) {
      changed();
    }

    @Override
    public void memberRemoved(MembershipEvent event) {
      changed();
    }
  }

  private final class Migrations implements MigrationListener {
    @Override
    public void migrationStarted(MigrationState state) {}

    @Override
    public void migrationFinished(MigrationState state) {
      changed();
    }

    @Override
    public void replicaMigrationCompleted(ReplicaMigrationEvent event) {}

    @Override
    public void replicaMigrationFailed(ReplicaMigrationEvent event) {}
  }
}
