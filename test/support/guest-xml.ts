import { join } from "node:path";
import type { GuestImage } from "./guest-image.ts";

export interface GuestOptions {
  readonly name: string;
  readonly uuid?: string;
  /** Words for the guest's kernel command line, see guest-image.ts. */
  readonly words?: readonly string[];
  /** Nova's metadata in the domain, as nova-compute writes it. */
  readonly nova?: { readonly name: string; readonly project: string; readonly flavor: string };
  /** A qcow2 file for the first disk; libvirt pauses the guest on an I/O error. */
  readonly disk?: string;
  /** With a channel for the QEMU guest agent (nothing in the guest answers it). */
  readonly agentChannel?: boolean;
  /** `preserve` keeps a panicked guest for inspection. @default destroy */
  readonly onCrash?: "destroy" | "preserve";
}

/** A guest in 96 MiB without KVM; tb-size keeps QEMU's own memory near 140 MiB. */
export function guestXml(
  options: GuestOptions,
  places: { readonly image: GuestImage; readonly root: string },
): string {
  const channel = join(places.root, "channels", `${options.name}.sock`);
  const words = ["console=ttyS0", "quiet", "mitigations=off", "panic=0", ...(options.words ?? [])];
  return `<domain type='qemu'>
  <name>${escapeXml(options.name)}</name>
  ${options.uuid === undefined ? "" : `<uuid>${options.uuid}</uuid>`}
  ${novaMetadata(options.nova)}
  <memory unit='MiB'>96</memory>
  <vcpu>1</vcpu>
  <os>
    <type arch='x86_64' machine='q35'>hvm</type>
    <kernel>${places.image.kernel}</kernel>
    <initrd>${places.image.initramfs}</initrd>
    <cmdline>${words.join(" ")}</cmdline>
  </os>
  <features><acpi/><tcg><tb-cache unit='MiB'>16</tb-cache></tcg></features>
  <cpu mode='custom' match='exact' check='none'><model fallback='forbid'>qemu64</model></cpu>
  <on_crash>${options.onCrash ?? "destroy"}</on_crash>
  <devices>
    <emulator>/usr/bin/qemu-system-x86_64</emulator>
    <controller type='usb' model='none'/>
    <serial type='file'><source path='${join(places.root, `${options.name}.console`)}'/></serial>
    <channel type='unix'>
      <source mode='bind' path='${channel}'/>
      <target type='virtio' name='org.herdbeat.guest.0'/>
    </channel>
    ${options.agentChannel === true ? "<channel type='unix'><target type='virtio' name='org.qemu.guest_agent.0'/></channel>" : ""}
    ${disk(options.disk)}
    <panic model='isa'/>
    <memballoon model='none'/>
  </devices>
</domain>
`;
}

function disk(path: string | undefined): string {
  if (path === undefined) return "";
  return `<disk type='file' device='disk'>
      <driver name='qemu' type='qcow2' cache='none' error_policy='stop'/>
      <source file='${path}'/>
      <target dev='vda' bus='virtio'/>
    </disk>`;
}

function novaMetadata(nova: GuestOptions["nova"]): string {
  if (nova === undefined) return "";
  return `<metadata>
    <nova:instance xmlns:nova="http://openstack.org/xmlns/libvirt/nova/1.1">
      <nova:name>${escapeXml(nova.name)}</nova:name>
      <nova:flavor name="${escapeXml(nova.flavor)}"><nova:memory>96</nova:memory></nova:flavor>
      <nova:owner>
        <nova:user uuid="8f3b1a0a4c554c2aa6d8d3a5c9d1e001">demo</nova:user>
        <nova:project uuid="${escapeXml(nova.project)}">demo</nova:project>
      </nova:owner>
      <nova:root type="image" uuid="a7c8a4b6-11de-4c6e-9f0e-1d2c3b4a5f60"/>
    </nova:instance>
  </metadata>`;
}

function escapeXml(text: string): string {
  return text.replace(/[<>&"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
