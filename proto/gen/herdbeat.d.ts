import * as $protobuf from "protobufjs/minimal.js";
import Long = require("long");

/** Namespace herdbeat. */
export namespace herdbeat {

    /** Namespace v1. */
    namespace v1 {

        /** ConditionStatus enum. */
        enum ConditionStatus {

            /** CONDITION_STATUS_UNSPECIFIED value */
            CONDITION_STATUS_UNSPECIFIED = 0,

            /** CONDITION_STATUS_OK value */
            CONDITION_STATUS_OK = 1,

            /** CONDITION_STATUS_PROBLEM value */
            CONDITION_STATUS_PROBLEM = 2,

            /** CONDITION_STATUS_UNKNOWN value */
            CONDITION_STATUS_UNKNOWN = 3
        }

        /**
         * Properties of a Condition.
         * @deprecated Use herdbeat.v1.Condition.$Properties instead.
         */
        interface ICondition extends herdbeat.v1.Condition.$Properties {
        }

        /** Represents a Condition. */
        class Condition {

            /**
             * Constructs a new Condition.
             * @param [properties] Properties to set
             */
            constructor(properties?: herdbeat.v1.Condition.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** Condition monitor. */
            monitor: string;

            /** Condition subject. */
            subject: string;

            /** Condition status. */
            status: herdbeat.v1.ConditionStatus;

            /** Condition failureClass. */
            failureClass: string;

            /** Condition reason. */
            reason: string;

            /** Condition message. */
            message: string;

            /** Condition sinceAgeMs. */
            sinceAgeMs: number;

            /** Condition transition. */
            transition: number;

            /** Condition attributes. */
            attributes: herdbeat.v1.Attribute.$Properties[];

            /**
             * Encodes the specified Condition message. Does not implicitly {@link herdbeat.v1.Condition.verify|verify} messages.
             * @param message Condition message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: herdbeat.v1.Condition.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a Condition message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {herdbeat.v1.Condition & herdbeat.v1.Condition.$Shape} Condition
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): herdbeat.v1.Condition & herdbeat.v1.Condition.$Shape;
        }

        namespace Condition {

            /** Properties of a Condition. */
            interface $Properties {

                /** Condition monitor */
                monitor?: (string|null);

                /** Condition subject */
                subject?: (string|null);

                /** Condition status */
                status?: (herdbeat.v1.ConditionStatus|null);

                /** Condition failureClass */
                failureClass?: (string|null);

                /** Condition reason */
                reason?: (string|null);

                /** Condition message */
                message?: (string|null);

                /** Condition sinceAgeMs */
                sinceAgeMs?: (number|null);

                /** Condition transition */
                transition?: (number|null);

                /** Condition attributes */
                attributes?: (herdbeat.v1.Attribute.$Properties[]|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a Condition. */
            type $Shape = herdbeat.v1.Condition.$Properties;
        }

        /**
         * Properties of an Attribute.
         * @deprecated Use herdbeat.v1.Attribute.$Properties instead.
         */
        interface IAttribute extends herdbeat.v1.Attribute.$Properties {
        }

        /** Represents an Attribute. */
        class Attribute {

            /**
             * Constructs a new Attribute.
             * @param [properties] Properties to set
             */
            constructor(properties?: herdbeat.v1.Attribute.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** Attribute key. */
            key: string;

            /** Attribute value. */
            value: string;

            /**
             * Encodes the specified Attribute message. Does not implicitly {@link herdbeat.v1.Attribute.verify|verify} messages.
             * @param message Attribute message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: herdbeat.v1.Attribute.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes an Attribute message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {herdbeat.v1.Attribute & herdbeat.v1.Attribute.$Shape} Attribute
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): herdbeat.v1.Attribute & herdbeat.v1.Attribute.$Shape;
        }

        namespace Attribute {

            /** Properties of an Attribute. */
            interface $Properties {

                /** Attribute key */
                key?: (string|null);

                /** Attribute value */
                value?: (string|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of an Attribute. */
            type $Shape = herdbeat.v1.Attribute.$Properties;
        }

        /**
         * Properties of a ConfigRevision.
         * @deprecated Use herdbeat.v1.ConfigRevision.$Properties instead.
         */
        interface IConfigRevision extends herdbeat.v1.ConfigRevision.$Properties {
        }

        /** Represents a ConfigRevision. */
        class ConfigRevision {

            /**
             * Constructs a new ConfigRevision.
             * @param [properties] Properties to set
             */
            constructor(properties?: herdbeat.v1.ConfigRevision.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** ConfigRevision revision. */
            revision: number;

            /** ConfigRevision documentJson. */
            documentJson: string;

            /**
             * Encodes the specified ConfigRevision message. Does not implicitly {@link herdbeat.v1.ConfigRevision.verify|verify} messages.
             * @param message ConfigRevision message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: herdbeat.v1.ConfigRevision.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a ConfigRevision message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {herdbeat.v1.ConfigRevision & herdbeat.v1.ConfigRevision.$Shape} ConfigRevision
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): herdbeat.v1.ConfigRevision & herdbeat.v1.ConfigRevision.$Shape;
        }

        namespace ConfigRevision {

            /** Properties of a ConfigRevision. */
            interface $Properties {

                /** ConfigRevision revision */
                revision?: (number|null);

                /** ConfigRevision documentJson */
                documentJson?: (string|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a ConfigRevision. */
            type $Shape = herdbeat.v1.ConfigRevision.$Properties;
        }

        /**
         * Properties of a CertRenew.
         * @deprecated Use herdbeat.v1.CertRenew.$Properties instead.
         */
        interface ICertRenew extends herdbeat.v1.CertRenew.$Properties {
        }

        /** Represents a CertRenew. */
        class CertRenew {

            /**
             * Constructs a new CertRenew.
             * @param [properties] Properties to set
             */
            constructor(properties?: herdbeat.v1.CertRenew.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** CertRenew certificateRequest. */
            certificateRequest: Uint8Array;

            /** CertRenew certificates. */
            certificates: Uint8Array[];

            /**
             * Encodes the specified CertRenew message. Does not implicitly {@link herdbeat.v1.CertRenew.verify|verify} messages.
             * @param message CertRenew message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: herdbeat.v1.CertRenew.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a CertRenew message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {herdbeat.v1.CertRenew & herdbeat.v1.CertRenew.$Shape} CertRenew
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): herdbeat.v1.CertRenew & herdbeat.v1.CertRenew.$Shape;
        }

        namespace CertRenew {

            /** Properties of a CertRenew. */
            interface $Properties {

                /** CertRenew certificateRequest */
                certificateRequest?: (Uint8Array|null);

                /** CertRenew certificates */
                certificates?: (Uint8Array[]|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a CertRenew. */
            type $Shape = herdbeat.v1.CertRenew.$Properties;
        }

        /**
         * Properties of an AgentFrame.
         * @deprecated Use herdbeat.v1.AgentFrame.$Properties instead.
         */
        interface IAgentFrame extends herdbeat.v1.AgentFrame.$Properties {
        }

        /** Represents an AgentFrame. */
        class AgentFrame {

            /**
             * Constructs a new AgentFrame.
             * @param [properties] Properties to set
             */
            constructor(properties?: herdbeat.v1.AgentFrame.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** AgentFrame hello. */
            hello?: (herdbeat.v1.Hello.$Properties|null);

            /** AgentFrame heartbeat. */
            heartbeat?: (herdbeat.v1.Heartbeat.$Properties|null);

            /** AgentFrame event. */
            event?: (herdbeat.v1.Event.$Properties|null);

            /** AgentFrame goodbye. */
            goodbye?: (herdbeat.v1.Goodbye.$Properties|null);

            /** AgentFrame witnessReport. */
            witnessReport?: (herdbeat.v1.WitnessReport.$Properties|null);

            /** AgentFrame relay. */
            relay?: (herdbeat.v1.Relay.$Properties|null);

            /** AgentFrame peerQuestion. */
            peerQuestion?: (herdbeat.v1.PeerQuestion.$Properties|null);

            /** AgentFrame peerAnswer. */
            peerAnswer?: (herdbeat.v1.PeerAnswer.$Properties|null);

            /** AgentFrame configRevision. */
            configRevision?: (herdbeat.v1.ConfigRevision.$Properties|null);

            /** AgentFrame certRenew. */
            certRenew?: (herdbeat.v1.CertRenew.$Properties|null);

            /** AgentFrame body. */
            body?: ("hello"|"heartbeat"|"event"|"goodbye"|"witnessReport"|"relay"|"peerQuestion"|"peerAnswer"|"configRevision"|"certRenew");

            /**
             * Encodes the specified AgentFrame message. Does not implicitly {@link herdbeat.v1.AgentFrame.verify|verify} messages.
             * @param message AgentFrame message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: herdbeat.v1.AgentFrame.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes an AgentFrame message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {herdbeat.v1.AgentFrame & herdbeat.v1.AgentFrame.$Shape} AgentFrame
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): herdbeat.v1.AgentFrame & herdbeat.v1.AgentFrame.$Shape;
        }

        namespace AgentFrame {

            /** Properties of an AgentFrame. */
            interface $Properties {

                /** AgentFrame hello */
                hello?: (herdbeat.v1.Hello.$Properties|null);

                /** AgentFrame heartbeat */
                heartbeat?: (herdbeat.v1.Heartbeat.$Properties|null);

                /** AgentFrame event */
                event?: (herdbeat.v1.Event.$Properties|null);

                /** AgentFrame goodbye */
                goodbye?: (herdbeat.v1.Goodbye.$Properties|null);

                /** AgentFrame witnessReport */
                witnessReport?: (herdbeat.v1.WitnessReport.$Properties|null);

                /** AgentFrame relay */
                relay?: (herdbeat.v1.Relay.$Properties|null);

                /** AgentFrame peerQuestion */
                peerQuestion?: (herdbeat.v1.PeerQuestion.$Properties|null);

                /** AgentFrame peerAnswer */
                peerAnswer?: (herdbeat.v1.PeerAnswer.$Properties|null);

                /** AgentFrame configRevision */
                configRevision?: (herdbeat.v1.ConfigRevision.$Properties|null);

                /** AgentFrame certRenew */
                certRenew?: (herdbeat.v1.CertRenew.$Properties|null);

                /** AgentFrame body */
                body?: ("hello"|"heartbeat"|"event"|"goodbye"|"witnessReport"|"relay"|"peerQuestion"|"peerAnswer"|"configRevision"|"certRenew");

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Narrowed shape of an AgentFrame. */
            type $Shape = {
              hello?: herdbeat.v1.Hello.$Shape|null;
              heartbeat?: herdbeat.v1.Heartbeat.$Shape|null;
              event?: herdbeat.v1.Event.$Shape|null;
              goodbye?: herdbeat.v1.Goodbye.$Shape|null;
              witnessReport?: herdbeat.v1.WitnessReport.$Shape|null;
              relay?: herdbeat.v1.Relay.$Shape|null;
              peerQuestion?: herdbeat.v1.PeerQuestion.$Shape|null;
              peerAnswer?: herdbeat.v1.PeerAnswer.$Shape|null;
              configRevision?: herdbeat.v1.ConfigRevision.$Shape|null;
              certRenew?: herdbeat.v1.CertRenew.$Shape|null;
              $unknowns?: Uint8Array[];
            } & (
              ({ body?: undefined; hello?: null; heartbeat?: null; event?: null; goodbye?: null; witnessReport?: null; relay?: null; peerQuestion?: null; peerAnswer?: null; configRevision?: null; certRenew?: null }|{ body?: "hello"; hello: herdbeat.v1.Hello.$Shape; heartbeat?: null; event?: null; goodbye?: null; witnessReport?: null; relay?: null; peerQuestion?: null; peerAnswer?: null; configRevision?: null; certRenew?: null }|{ body?: "heartbeat"; hello?: null; heartbeat: herdbeat.v1.Heartbeat.$Shape; event?: null; goodbye?: null; witnessReport?: null; relay?: null; peerQuestion?: null; peerAnswer?: null; configRevision?: null; certRenew?: null }|{ body?: "event"; hello?: null; heartbeat?: null; event: herdbeat.v1.Event.$Shape; goodbye?: null; witnessReport?: null; relay?: null; peerQuestion?: null; peerAnswer?: null; configRevision?: null; certRenew?: null }|{ body?: "goodbye"; hello?: null; heartbeat?: null; event?: null; goodbye: herdbeat.v1.Goodbye.$Shape; witnessReport?: null; relay?: null; peerQuestion?: null; peerAnswer?: null; configRevision?: null; certRenew?: null }|{ body?: "witnessReport"; hello?: null; heartbeat?: null; event?: null; goodbye?: null; witnessReport: herdbeat.v1.WitnessReport.$Shape; relay?: null; peerQuestion?: null; peerAnswer?: null; configRevision?: null; certRenew?: null }|{ body?: "relay"; hello?: null; heartbeat?: null; event?: null; goodbye?: null; witnessReport?: null; relay: herdbeat.v1.Relay.$Shape; peerQuestion?: null; peerAnswer?: null; configRevision?: null; certRenew?: null }|{ body?: "peerQuestion"; hello?: null; heartbeat?: null; event?: null; goodbye?: null; witnessReport?: null; relay?: null; peerQuestion: herdbeat.v1.PeerQuestion.$Shape; peerAnswer?: null; configRevision?: null; certRenew?: null }|{ body?: "peerAnswer"; hello?: null; heartbeat?: null; event?: null; goodbye?: null; witnessReport?: null; relay?: null; peerQuestion?: null; peerAnswer: herdbeat.v1.PeerAnswer.$Shape; configRevision?: null; certRenew?: null }|{ body?: "configRevision"; hello?: null; heartbeat?: null; event?: null; goodbye?: null; witnessReport?: null; relay?: null; peerQuestion?: null; peerAnswer?: null; configRevision: herdbeat.v1.ConfigRevision.$Shape; certRenew?: null }|{ body?: "certRenew"; hello?: null; heartbeat?: null; event?: null; goodbye?: null; witnessReport?: null; relay?: null; peerQuestion?: null; peerAnswer?: null; configRevision?: null; certRenew: herdbeat.v1.CertRenew.$Shape })
            );
        }

        /**
         * Properties of an AggregatorFrame.
         * @deprecated Use herdbeat.v1.AggregatorFrame.$Properties instead.
         */
        interface IAggregatorFrame extends herdbeat.v1.AggregatorFrame.$Properties {
        }

        /** Represents an AggregatorFrame. */
        class AggregatorFrame {

            /**
             * Constructs a new AggregatorFrame.
             * @param [properties] Properties to set
             */
            constructor(properties?: herdbeat.v1.AggregatorFrame.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** AggregatorFrame welcome. */
            welcome?: (herdbeat.v1.Welcome.$Properties|null);

            /** AggregatorFrame ack. */
            ack?: (herdbeat.v1.Ack.$Properties|null);

            /** AggregatorFrame eventAck. */
            eventAck?: (herdbeat.v1.EventAck.$Properties|null);

            /** AggregatorFrame goodbye. */
            goodbye?: (herdbeat.v1.Goodbye.$Properties|null);

            /** AggregatorFrame witnessRequest. */
            witnessRequest?: (herdbeat.v1.WitnessRequest.$Properties|null);

            /** AggregatorFrame relay. */
            relay?: (herdbeat.v1.Relay.$Properties|null);

            /** AggregatorFrame peerQuestion. */
            peerQuestion?: (herdbeat.v1.PeerQuestion.$Properties|null);

            /** AggregatorFrame peerAnswer. */
            peerAnswer?: (herdbeat.v1.PeerAnswer.$Properties|null);

            /** AggregatorFrame configRevision. */
            configRevision?: (herdbeat.v1.ConfigRevision.$Properties|null);

            /** AggregatorFrame certRenew. */
            certRenew?: (herdbeat.v1.CertRenew.$Properties|null);

            /** AggregatorFrame body. */
            body?: ("welcome"|"ack"|"eventAck"|"goodbye"|"witnessRequest"|"relay"|"peerQuestion"|"peerAnswer"|"configRevision"|"certRenew");

            /**
             * Encodes the specified AggregatorFrame message. Does not implicitly {@link herdbeat.v1.AggregatorFrame.verify|verify} messages.
             * @param message AggregatorFrame message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: herdbeat.v1.AggregatorFrame.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes an AggregatorFrame message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {herdbeat.v1.AggregatorFrame & herdbeat.v1.AggregatorFrame.$Shape} AggregatorFrame
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): herdbeat.v1.AggregatorFrame & herdbeat.v1.AggregatorFrame.$Shape;
        }

        namespace AggregatorFrame {

            /** Properties of an AggregatorFrame. */
            interface $Properties {

                /** AggregatorFrame welcome */
                welcome?: (herdbeat.v1.Welcome.$Properties|null);

                /** AggregatorFrame ack */
                ack?: (herdbeat.v1.Ack.$Properties|null);

                /** AggregatorFrame eventAck */
                eventAck?: (herdbeat.v1.EventAck.$Properties|null);

                /** AggregatorFrame goodbye */
                goodbye?: (herdbeat.v1.Goodbye.$Properties|null);

                /** AggregatorFrame witnessRequest */
                witnessRequest?: (herdbeat.v1.WitnessRequest.$Properties|null);

                /** AggregatorFrame relay */
                relay?: (herdbeat.v1.Relay.$Properties|null);

                /** AggregatorFrame peerQuestion */
                peerQuestion?: (herdbeat.v1.PeerQuestion.$Properties|null);

                /** AggregatorFrame peerAnswer */
                peerAnswer?: (herdbeat.v1.PeerAnswer.$Properties|null);

                /** AggregatorFrame configRevision */
                configRevision?: (herdbeat.v1.ConfigRevision.$Properties|null);

                /** AggregatorFrame certRenew */
                certRenew?: (herdbeat.v1.CertRenew.$Properties|null);

                /** AggregatorFrame body */
                body?: ("welcome"|"ack"|"eventAck"|"goodbye"|"witnessRequest"|"relay"|"peerQuestion"|"peerAnswer"|"configRevision"|"certRenew");

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Narrowed shape of an AggregatorFrame. */
            type $Shape = {
              welcome?: herdbeat.v1.Welcome.$Shape|null;
              ack?: herdbeat.v1.Ack.$Shape|null;
              eventAck?: herdbeat.v1.EventAck.$Shape|null;
              goodbye?: herdbeat.v1.Goodbye.$Shape|null;
              witnessRequest?: herdbeat.v1.WitnessRequest.$Shape|null;
              relay?: herdbeat.v1.Relay.$Shape|null;
              peerQuestion?: herdbeat.v1.PeerQuestion.$Shape|null;
              peerAnswer?: herdbeat.v1.PeerAnswer.$Shape|null;
              configRevision?: herdbeat.v1.ConfigRevision.$Shape|null;
              certRenew?: herdbeat.v1.CertRenew.$Shape|null;
              $unknowns?: Uint8Array[];
            } & (
              ({ body?: undefined; welcome?: null; ack?: null; eventAck?: null; goodbye?: null; witnessRequest?: null; relay?: null; peerQuestion?: null; peerAnswer?: null; configRevision?: null; certRenew?: null }|{ body?: "welcome"; welcome: herdbeat.v1.Welcome.$Shape; ack?: null; eventAck?: null; goodbye?: null; witnessRequest?: null; relay?: null; peerQuestion?: null; peerAnswer?: null; configRevision?: null; certRenew?: null }|{ body?: "ack"; welcome?: null; ack: herdbeat.v1.Ack.$Shape; eventAck?: null; goodbye?: null; witnessRequest?: null; relay?: null; peerQuestion?: null; peerAnswer?: null; configRevision?: null; certRenew?: null }|{ body?: "eventAck"; welcome?: null; ack?: null; eventAck: herdbeat.v1.EventAck.$Shape; goodbye?: null; witnessRequest?: null; relay?: null; peerQuestion?: null; peerAnswer?: null; configRevision?: null; certRenew?: null }|{ body?: "goodbye"; welcome?: null; ack?: null; eventAck?: null; goodbye: herdbeat.v1.Goodbye.$Shape; witnessRequest?: null; relay?: null; peerQuestion?: null; peerAnswer?: null; configRevision?: null; certRenew?: null }|{ body?: "witnessRequest"; welcome?: null; ack?: null; eventAck?: null; goodbye?: null; witnessRequest: herdbeat.v1.WitnessRequest.$Shape; relay?: null; peerQuestion?: null; peerAnswer?: null; configRevision?: null; certRenew?: null }|{ body?: "relay"; welcome?: null; ack?: null; eventAck?: null; goodbye?: null; witnessRequest?: null; relay: herdbeat.v1.Relay.$Shape; peerQuestion?: null; peerAnswer?: null; configRevision?: null; certRenew?: null }|{ body?: "peerQuestion"; welcome?: null; ack?: null; eventAck?: null; goodbye?: null; witnessRequest?: null; relay?: null; peerQuestion: herdbeat.v1.PeerQuestion.$Shape; peerAnswer?: null; configRevision?: null; certRenew?: null }|{ body?: "peerAnswer"; welcome?: null; ack?: null; eventAck?: null; goodbye?: null; witnessRequest?: null; relay?: null; peerQuestion?: null; peerAnswer: herdbeat.v1.PeerAnswer.$Shape; configRevision?: null; certRenew?: null }|{ body?: "configRevision"; welcome?: null; ack?: null; eventAck?: null; goodbye?: null; witnessRequest?: null; relay?: null; peerQuestion?: null; peerAnswer?: null; configRevision: herdbeat.v1.ConfigRevision.$Shape; certRenew?: null }|{ body?: "certRenew"; welcome?: null; ack?: null; eventAck?: null; goodbye?: null; witnessRequest?: null; relay?: null; peerQuestion?: null; peerAnswer?: null; configRevision?: null; certRenew: herdbeat.v1.CertRenew.$Shape })
            );
        }

        /**
         * Properties of a MeshFrame.
         * @deprecated Use herdbeat.v1.MeshFrame.$Properties instead.
         */
        interface IMeshFrame extends herdbeat.v1.MeshFrame.$Properties {
        }

        /** Represents a MeshFrame. */
        class MeshFrame {

            /**
             * Constructs a new MeshFrame.
             * @param [properties] Properties to set
             */
            constructor(properties?: herdbeat.v1.MeshFrame.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** MeshFrame hello. */
            hello?: (herdbeat.v1.MeshHello.$Properties|null);

            /** MeshFrame pulse. */
            pulse?: (herdbeat.v1.MeshPulse.$Properties|null);

            /** MeshFrame goodbye. */
            goodbye?: (herdbeat.v1.Goodbye.$Properties|null);

            /** MeshFrame generation. */
            generation?: (herdbeat.v1.GenerationNotice.$Properties|null);

            /** MeshFrame disarm. */
            disarm?: (herdbeat.v1.DisarmNotice.$Properties|null);

            /** MeshFrame censusQuestion. */
            censusQuestion?: (herdbeat.v1.CensusQuestion.$Properties|null);

            /** MeshFrame censusAnswer. */
            censusAnswer?: (herdbeat.v1.CensusAnswer.$Properties|null);

            /** MeshFrame body. */
            body?: ("hello"|"pulse"|"goodbye"|"generation"|"disarm"|"censusQuestion"|"censusAnswer");

            /**
             * Encodes the specified MeshFrame message. Does not implicitly {@link herdbeat.v1.MeshFrame.verify|verify} messages.
             * @param message MeshFrame message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: herdbeat.v1.MeshFrame.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a MeshFrame message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {herdbeat.v1.MeshFrame & herdbeat.v1.MeshFrame.$Shape} MeshFrame
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): herdbeat.v1.MeshFrame & herdbeat.v1.MeshFrame.$Shape;
        }

        namespace MeshFrame {

            /** Properties of a MeshFrame. */
            interface $Properties {

                /** MeshFrame hello */
                hello?: (herdbeat.v1.MeshHello.$Properties|null);

                /** MeshFrame pulse */
                pulse?: (herdbeat.v1.MeshPulse.$Properties|null);

                /** MeshFrame goodbye */
                goodbye?: (herdbeat.v1.Goodbye.$Properties|null);

                /** MeshFrame generation */
                generation?: (herdbeat.v1.GenerationNotice.$Properties|null);

                /** MeshFrame disarm */
                disarm?: (herdbeat.v1.DisarmNotice.$Properties|null);

                /** MeshFrame censusQuestion */
                censusQuestion?: (herdbeat.v1.CensusQuestion.$Properties|null);

                /** MeshFrame censusAnswer */
                censusAnswer?: (herdbeat.v1.CensusAnswer.$Properties|null);

                /** MeshFrame body */
                body?: ("hello"|"pulse"|"goodbye"|"generation"|"disarm"|"censusQuestion"|"censusAnswer");

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Narrowed shape of a MeshFrame. */
            type $Shape = {
              hello?: herdbeat.v1.MeshHello.$Shape|null;
              pulse?: herdbeat.v1.MeshPulse.$Shape|null;
              goodbye?: herdbeat.v1.Goodbye.$Shape|null;
              generation?: herdbeat.v1.GenerationNotice.$Shape|null;
              disarm?: herdbeat.v1.DisarmNotice.$Shape|null;
              censusQuestion?: herdbeat.v1.CensusQuestion.$Shape|null;
              censusAnswer?: herdbeat.v1.CensusAnswer.$Shape|null;
              $unknowns?: Uint8Array[];
            } & (
              ({ body?: undefined; hello?: null; pulse?: null; goodbye?: null; generation?: null; disarm?: null; censusQuestion?: null; censusAnswer?: null }|{ body?: "hello"; hello: herdbeat.v1.MeshHello.$Shape; pulse?: null; goodbye?: null; generation?: null; disarm?: null; censusQuestion?: null; censusAnswer?: null }|{ body?: "pulse"; hello?: null; pulse: herdbeat.v1.MeshPulse.$Shape; goodbye?: null; generation?: null; disarm?: null; censusQuestion?: null; censusAnswer?: null }|{ body?: "goodbye"; hello?: null; pulse?: null; goodbye: herdbeat.v1.Goodbye.$Shape; generation?: null; disarm?: null; censusQuestion?: null; censusAnswer?: null }|{ body?: "generation"; hello?: null; pulse?: null; goodbye?: null; generation: herdbeat.v1.GenerationNotice.$Shape; disarm?: null; censusQuestion?: null; censusAnswer?: null }|{ body?: "disarm"; hello?: null; pulse?: null; goodbye?: null; generation?: null; disarm: herdbeat.v1.DisarmNotice.$Shape; censusQuestion?: null; censusAnswer?: null }|{ body?: "censusQuestion"; hello?: null; pulse?: null; goodbye?: null; generation?: null; disarm?: null; censusQuestion: herdbeat.v1.CensusQuestion.$Shape; censusAnswer?: null }|{ body?: "censusAnswer"; hello?: null; pulse?: null; goodbye?: null; generation?: null; disarm?: null; censusQuestion?: null; censusAnswer: herdbeat.v1.CensusAnswer.$Shape })
            );
        }

        /**
         * Properties of a Heartbeat.
         * @deprecated Use herdbeat.v1.Heartbeat.$Properties instead.
         */
        interface IHeartbeat extends herdbeat.v1.Heartbeat.$Properties {
        }

        /** Represents a Heartbeat. */
        class Heartbeat {

            /**
             * Constructs a new Heartbeat.
             * @param [properties] Properties to set
             */
            constructor(properties?: herdbeat.v1.Heartbeat.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** Heartbeat sequence. */
            sequence: number;

            /** Heartbeat reportAgeMs. */
            reportAgeMs: number;

            /** Heartbeat flags. */
            flags: number;

            /** Heartbeat lastTransition. */
            lastTransition: number;

            /** Heartbeat ownLagMs. */
            ownLagMs: number;

            /** Heartbeat conditions. */
            conditions: herdbeat.v1.Condition.$Properties[];

            /**
             * Encodes the specified Heartbeat message. Does not implicitly {@link herdbeat.v1.Heartbeat.verify|verify} messages.
             * @param message Heartbeat message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: herdbeat.v1.Heartbeat.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a Heartbeat message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {herdbeat.v1.Heartbeat & herdbeat.v1.Heartbeat.$Shape} Heartbeat
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): herdbeat.v1.Heartbeat & herdbeat.v1.Heartbeat.$Shape;
        }

        namespace Heartbeat {

            /** Properties of a Heartbeat. */
            interface $Properties {

                /** Heartbeat sequence */
                sequence?: (number|null);

                /** Heartbeat reportAgeMs */
                reportAgeMs?: (number|null);

                /** Heartbeat flags */
                flags?: (number|null);

                /** Heartbeat lastTransition */
                lastTransition?: (number|null);

                /** Heartbeat ownLagMs */
                ownLagMs?: (number|null);

                /** Heartbeat conditions */
                conditions?: (herdbeat.v1.Condition.$Properties[]|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a Heartbeat. */
            type $Shape = herdbeat.v1.Heartbeat.$Properties;
        }

        /**
         * Properties of an Ack.
         * @deprecated Use herdbeat.v1.Ack.$Properties instead.
         */
        interface IAck extends herdbeat.v1.Ack.$Properties {
        }

        /** Represents an Ack. */
        class Ack {

            /**
             * Constructs a new Ack.
             * @param [properties] Properties to set
             */
            constructor(properties?: herdbeat.v1.Ack.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** Ack sequence. */
            sequence: number;

            /** Ack storeWriteAgeMs. */
            storeWriteAgeMs: number;

            /**
             * Encodes the specified Ack message. Does not implicitly {@link herdbeat.v1.Ack.verify|verify} messages.
             * @param message Ack message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: herdbeat.v1.Ack.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes an Ack message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {herdbeat.v1.Ack & herdbeat.v1.Ack.$Shape} Ack
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): herdbeat.v1.Ack & herdbeat.v1.Ack.$Shape;
        }

        namespace Ack {

            /** Properties of an Ack. */
            interface $Properties {

                /** Ack sequence */
                sequence?: (number|null);

                /** Ack storeWriteAgeMs */
                storeWriteAgeMs?: (number|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of an Ack. */
            type $Shape = herdbeat.v1.Ack.$Properties;
        }

        /**
         * Properties of an Event.
         * @deprecated Use herdbeat.v1.Event.$Properties instead.
         */
        interface IEvent extends herdbeat.v1.Event.$Properties {
        }

        /** Represents an Event. */
        class Event {

            /**
             * Constructs a new Event.
             * @param [properties] Properties to set
             */
            constructor(properties?: herdbeat.v1.Event.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** Event transition. */
            transition: number;

            /** Event condition. */
            condition?: (herdbeat.v1.Condition.$Properties|null);

            /** Event ageMs. */
            ageMs: number;

            /**
             * Encodes the specified Event message. Does not implicitly {@link herdbeat.v1.Event.verify|verify} messages.
             * @param message Event message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: herdbeat.v1.Event.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes an Event message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {herdbeat.v1.Event & herdbeat.v1.Event.$Shape} Event
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): herdbeat.v1.Event & herdbeat.v1.Event.$Shape;
        }

        namespace Event {

            /** Properties of an Event. */
            interface $Properties {

                /** Event transition */
                transition?: (number|null);

                /** Event condition */
                condition?: (herdbeat.v1.Condition.$Properties|null);

                /** Event ageMs */
                ageMs?: (number|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of an Event. */
            type $Shape = herdbeat.v1.Event.$Properties;
        }

        /**
         * Properties of an EventAck.
         * @deprecated Use herdbeat.v1.EventAck.$Properties instead.
         */
        interface IEventAck extends herdbeat.v1.EventAck.$Properties {
        }

        /** Represents an EventAck. */
        class EventAck {

            /**
             * Constructs a new EventAck.
             * @param [properties] Properties to set
             */
            constructor(properties?: herdbeat.v1.EventAck.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** EventAck transition. */
            transition: number;

            /**
             * Encodes the specified EventAck message. Does not implicitly {@link herdbeat.v1.EventAck.verify|verify} messages.
             * @param message EventAck message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: herdbeat.v1.EventAck.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes an EventAck message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {herdbeat.v1.EventAck & herdbeat.v1.EventAck.$Shape} EventAck
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): herdbeat.v1.EventAck & herdbeat.v1.EventAck.$Shape;
        }

        namespace EventAck {

            /** Properties of an EventAck. */
            interface $Properties {

                /** EventAck transition */
                transition?: (number|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of an EventAck. */
            type $Shape = herdbeat.v1.EventAck.$Properties;
        }

        /**
         * Properties of a MeshHello.
         * @deprecated Use herdbeat.v1.MeshHello.$Properties instead.
         */
        interface IMeshHello extends herdbeat.v1.MeshHello.$Properties {
        }

        /** Represents a MeshHello. */
        class MeshHello {

            /**
             * Constructs a new MeshHello.
             * @param [properties] Properties to set
             */
            constructor(properties?: herdbeat.v1.MeshHello.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** MeshHello versionMin. */
            versionMin: number;

            /** MeshHello versionMax. */
            versionMax: number;

            /** MeshHello aggregatorId. */
            aggregatorId: string;

            /** MeshHello clusterId. */
            clusterId: string;

            /**
             * Encodes the specified MeshHello message. Does not implicitly {@link herdbeat.v1.MeshHello.verify|verify} messages.
             * @param message MeshHello message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: herdbeat.v1.MeshHello.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a MeshHello message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {herdbeat.v1.MeshHello & herdbeat.v1.MeshHello.$Shape} MeshHello
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): herdbeat.v1.MeshHello & herdbeat.v1.MeshHello.$Shape;
        }

        namespace MeshHello {

            /** Properties of a MeshHello. */
            interface $Properties {

                /** MeshHello versionMin */
                versionMin?: (number|null);

                /** MeshHello versionMax */
                versionMax?: (number|null);

                /** MeshHello aggregatorId */
                aggregatorId?: (string|null);

                /** MeshHello clusterId */
                clusterId?: (string|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a MeshHello. */
            type $Shape = herdbeat.v1.MeshHello.$Properties;
        }

        /**
         * Properties of a MeshPulse.
         * @deprecated Use herdbeat.v1.MeshPulse.$Properties instead.
         */
        interface IMeshPulse extends herdbeat.v1.MeshPulse.$Properties {
        }

        /** Represents a MeshPulse. */
        class MeshPulse {

            /**
             * Constructs a new MeshPulse.
             * @param [properties] Properties to set
             */
            constructor(properties?: herdbeat.v1.MeshPulse.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** MeshPulse shards. */
            shards: herdbeat.v1.OwnedShard.$Properties[];

            /** MeshPulse storeWriteAgeMs. */
            storeWriteAgeMs: number;

            /** MeshPulse lostTimePermille. */
            lostTimePermille: number;

            /**
             * Encodes the specified MeshPulse message. Does not implicitly {@link herdbeat.v1.MeshPulse.verify|verify} messages.
             * @param message MeshPulse message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: herdbeat.v1.MeshPulse.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a MeshPulse message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {herdbeat.v1.MeshPulse & herdbeat.v1.MeshPulse.$Shape} MeshPulse
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): herdbeat.v1.MeshPulse & herdbeat.v1.MeshPulse.$Shape;
        }

        namespace MeshPulse {

            /** Properties of a MeshPulse. */
            interface $Properties {

                /** MeshPulse shards */
                shards?: (herdbeat.v1.OwnedShard.$Properties[]|null);

                /** MeshPulse storeWriteAgeMs */
                storeWriteAgeMs?: (number|null);

                /** MeshPulse lostTimePermille */
                lostTimePermille?: (number|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a MeshPulse. */
            type $Shape = herdbeat.v1.MeshPulse.$Properties;
        }

        /**
         * Properties of an OwnedShard.
         * @deprecated Use herdbeat.v1.OwnedShard.$Properties instead.
         */
        interface IOwnedShard extends herdbeat.v1.OwnedShard.$Properties {
        }

        /** Represents an OwnedShard. */
        class OwnedShard {

            /**
             * Constructs a new OwnedShard.
             * @param [properties] Properties to set
             */
            constructor(properties?: herdbeat.v1.OwnedShard.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** OwnedShard shard. */
            shard: number;

            /** OwnedShard token. */
            token: number;

            /** OwnedShard generationId. */
            generationId: string;

            /** OwnedShard generationVersion. */
            generationVersion: number;

            /**
             * Encodes the specified OwnedShard message. Does not implicitly {@link herdbeat.v1.OwnedShard.verify|verify} messages.
             * @param message OwnedShard message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: herdbeat.v1.OwnedShard.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes an OwnedShard message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {herdbeat.v1.OwnedShard & herdbeat.v1.OwnedShard.$Shape} OwnedShard
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): herdbeat.v1.OwnedShard & herdbeat.v1.OwnedShard.$Shape;
        }

        namespace OwnedShard {

            /** Properties of an OwnedShard. */
            interface $Properties {

                /** OwnedShard shard */
                shard?: (number|null);

                /** OwnedShard token */
                token?: (number|null);

                /** OwnedShard generationId */
                generationId?: (string|null);

                /** OwnedShard generationVersion */
                generationVersion?: (number|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of an OwnedShard. */
            type $Shape = herdbeat.v1.OwnedShard.$Properties;
        }

        /**
         * Properties of a GenerationNotice.
         * @deprecated Use herdbeat.v1.GenerationNotice.$Properties instead.
         */
        interface IGenerationNotice extends herdbeat.v1.GenerationNotice.$Properties {
        }

        /** Represents a GenerationNotice. */
        class GenerationNotice {

            /**
             * Constructs a new GenerationNotice.
             * @param [properties] Properties to set
             */
            constructor(properties?: herdbeat.v1.GenerationNotice.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** GenerationNotice shard. */
            shard: number;

            /** GenerationNotice generationId. */
            generationId: string;

            /** GenerationNotice generationVersion. */
            generationVersion: number;

            /** GenerationNotice incidentId. */
            incidentId: string;

            /**
             * Encodes the specified GenerationNotice message. Does not implicitly {@link herdbeat.v1.GenerationNotice.verify|verify} messages.
             * @param message GenerationNotice message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: herdbeat.v1.GenerationNotice.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a GenerationNotice message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {herdbeat.v1.GenerationNotice & herdbeat.v1.GenerationNotice.$Shape} GenerationNotice
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): herdbeat.v1.GenerationNotice & herdbeat.v1.GenerationNotice.$Shape;
        }

        namespace GenerationNotice {

            /** Properties of a GenerationNotice. */
            interface $Properties {

                /** GenerationNotice shard */
                shard?: (number|null);

                /** GenerationNotice generationId */
                generationId?: (string|null);

                /** GenerationNotice generationVersion */
                generationVersion?: (number|null);

                /** GenerationNotice incidentId */
                incidentId?: (string|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a GenerationNotice. */
            type $Shape = herdbeat.v1.GenerationNotice.$Properties;
        }

        /**
         * Properties of a DisarmNotice.
         * @deprecated Use herdbeat.v1.DisarmNotice.$Properties instead.
         */
        interface IDisarmNotice extends herdbeat.v1.DisarmNotice.$Properties {
        }

        /** Represents a DisarmNotice. */
        class DisarmNotice {

            /**
             * Constructs a new DisarmNotice.
             * @param [properties] Properties to set
             */
            constructor(properties?: herdbeat.v1.DisarmNotice.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** DisarmNotice disarmed. */
            disarmed: boolean;

            /** DisarmNotice by. */
            by: string;

            /** DisarmNotice reason. */
            reason: string;

            /**
             * Encodes the specified DisarmNotice message. Does not implicitly {@link herdbeat.v1.DisarmNotice.verify|verify} messages.
             * @param message DisarmNotice message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: herdbeat.v1.DisarmNotice.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a DisarmNotice message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {herdbeat.v1.DisarmNotice & herdbeat.v1.DisarmNotice.$Shape} DisarmNotice
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): herdbeat.v1.DisarmNotice & herdbeat.v1.DisarmNotice.$Shape;
        }

        namespace DisarmNotice {

            /** Properties of a DisarmNotice. */
            interface $Properties {

                /** DisarmNotice disarmed */
                disarmed?: (boolean|null);

                /** DisarmNotice by */
                by?: (string|null);

                /** DisarmNotice reason */
                reason?: (string|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a DisarmNotice. */
            type $Shape = herdbeat.v1.DisarmNotice.$Properties;
        }

        /**
         * Properties of a CensusQuestion.
         * @deprecated Use herdbeat.v1.CensusQuestion.$Properties instead.
         */
        interface ICensusQuestion extends herdbeat.v1.CensusQuestion.$Properties {
        }

        /** Represents a CensusQuestion. */
        class CensusQuestion {

            /**
             * Constructs a new CensusQuestion.
             * @param [properties] Properties to set
             */
            constructor(properties?: herdbeat.v1.CensusQuestion.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** CensusQuestion questionId. */
            questionId: number;

            /**
             * Encodes the specified CensusQuestion message. Does not implicitly {@link herdbeat.v1.CensusQuestion.verify|verify} messages.
             * @param message CensusQuestion message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: herdbeat.v1.CensusQuestion.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a CensusQuestion message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {herdbeat.v1.CensusQuestion & herdbeat.v1.CensusQuestion.$Shape} CensusQuestion
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): herdbeat.v1.CensusQuestion & herdbeat.v1.CensusQuestion.$Shape;
        }

        namespace CensusQuestion {

            /** Properties of a CensusQuestion. */
            interface $Properties {

                /** CensusQuestion questionId */
                questionId?: (number|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a CensusQuestion. */
            type $Shape = herdbeat.v1.CensusQuestion.$Properties;
        }

        /**
         * Properties of a CensusAnswer.
         * @deprecated Use herdbeat.v1.CensusAnswer.$Properties instead.
         */
        interface ICensusAnswer extends herdbeat.v1.CensusAnswer.$Properties {
        }

        /** Represents a CensusAnswer. */
        class CensusAnswer {

            /**
             * Constructs a new CensusAnswer.
             * @param [properties] Properties to set
             */
            constructor(properties?: herdbeat.v1.CensusAnswer.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** CensusAnswer questionId. */
            questionId: number;

            /** CensusAnswer domains. */
            domains: herdbeat.v1.DomainCount.$Properties[];

            /** CensusAnswer shards. */
            shards: number[];

            /**
             * Encodes the specified CensusAnswer message. Does not implicitly {@link herdbeat.v1.CensusAnswer.verify|verify} messages.
             * @param message CensusAnswer message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: herdbeat.v1.CensusAnswer.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a CensusAnswer message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {herdbeat.v1.CensusAnswer & herdbeat.v1.CensusAnswer.$Shape} CensusAnswer
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): herdbeat.v1.CensusAnswer & herdbeat.v1.CensusAnswer.$Shape;
        }

        namespace CensusAnswer {

            /** Properties of a CensusAnswer. */
            interface $Properties {

                /** CensusAnswer questionId */
                questionId?: (number|null);

                /** CensusAnswer domains */
                domains?: (herdbeat.v1.DomainCount.$Properties[]|null);

                /** CensusAnswer shards */
                shards?: (number[]|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a CensusAnswer. */
            type $Shape = herdbeat.v1.CensusAnswer.$Properties;
        }

        /**
         * Properties of a DomainCount.
         * @deprecated Use herdbeat.v1.DomainCount.$Properties instead.
         */
        interface IDomainCount extends herdbeat.v1.DomainCount.$Properties {
        }

        /** Represents a DomainCount. */
        class DomainCount {

            /**
             * Constructs a new DomainCount.
             * @param [properties] Properties to set
             */
            constructor(properties?: herdbeat.v1.DomainCount.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** DomainCount domain. */
            domain: string;

            /** DomainCount nodes. */
            nodes: number;

            /** DomainCount overdue. */
            overdue: number;

            /** DomainCount suspect. */
            suspect: number;

            /** DomainCount declared. */
            declared: number;

            /** DomainCount lead. */
            lead: string;

            /** DomainCount told. */
            told: boolean;

            /**
             * Encodes the specified DomainCount message. Does not implicitly {@link herdbeat.v1.DomainCount.verify|verify} messages.
             * @param message DomainCount message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: herdbeat.v1.DomainCount.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a DomainCount message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {herdbeat.v1.DomainCount & herdbeat.v1.DomainCount.$Shape} DomainCount
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): herdbeat.v1.DomainCount & herdbeat.v1.DomainCount.$Shape;
        }

        namespace DomainCount {

            /** Properties of a DomainCount. */
            interface $Properties {

                /** DomainCount domain */
                domain?: (string|null);

                /** DomainCount nodes */
                nodes?: (number|null);

                /** DomainCount overdue */
                overdue?: (number|null);

                /** DomainCount suspect */
                suspect?: (number|null);

                /** DomainCount declared */
                declared?: (number|null);

                /** DomainCount lead */
                lead?: (string|null);

                /** DomainCount told */
                told?: (boolean|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a DomainCount. */
            type $Shape = herdbeat.v1.DomainCount.$Properties;
        }

        /**
         * Properties of a Hello.
         * @deprecated Use herdbeat.v1.Hello.$Properties instead.
         */
        interface IHello extends herdbeat.v1.Hello.$Properties {
        }

        /** Represents a Hello. */
        class Hello {

            /**
             * Constructs a new Hello.
             * @param [properties] Properties to set
             */
            constructor(properties?: herdbeat.v1.Hello.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** Hello versionMin. */
            versionMin: number;

            /** Hello versionMax. */
            versionMax: number;

            /** Hello nodeId. */
            nodeId: string;

            /** Hello hostname. */
            hostname: string;

            /** Hello bootId. */
            bootId: string;

            /** Hello hardwareId. */
            hardwareId: string;

            /** Hello processId. */
            processId: string;

            /** Hello incarnation. */
            incarnation: number;

            /** Hello sessionEpoch. */
            sessionEpoch: number;

            /** Hello lastTransition. */
            lastTransition: number;

            /** Hello agentVersion. */
            agentVersion: string;

            /** Hello heartbeatIntervalMs. */
            heartbeatIntervalMs: number;

            /** Hello labels. */
            labels: herdbeat.v1.Attribute.$Properties[];

            /** Hello networks. */
            networks: herdbeat.v1.NodeNetwork.$Properties[];

            /** Hello uptimeMs. */
            uptimeMs: number;

            /** Hello capabilities. */
            capabilities: string[];

            /** Hello inventoryJson. */
            inventoryJson: string;

            /**
             * Encodes the specified Hello message. Does not implicitly {@link herdbeat.v1.Hello.verify|verify} messages.
             * @param message Hello message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: herdbeat.v1.Hello.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a Hello message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {herdbeat.v1.Hello & herdbeat.v1.Hello.$Shape} Hello
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): herdbeat.v1.Hello & herdbeat.v1.Hello.$Shape;
        }

        namespace Hello {

            /** Properties of a Hello. */
            interface $Properties {

                /** Hello versionMin */
                versionMin?: (number|null);

                /** Hello versionMax */
                versionMax?: (number|null);

                /** Hello nodeId */
                nodeId?: (string|null);

                /** Hello hostname */
                hostname?: (string|null);

                /** Hello bootId */
                bootId?: (string|null);

                /** Hello hardwareId */
                hardwareId?: (string|null);

                /** Hello processId */
                processId?: (string|null);

                /** Hello incarnation */
                incarnation?: (number|null);

                /** Hello sessionEpoch */
                sessionEpoch?: (number|null);

                /** Hello lastTransition */
                lastTransition?: (number|null);

                /** Hello agentVersion */
                agentVersion?: (string|null);

                /** Hello heartbeatIntervalMs */
                heartbeatIntervalMs?: (number|null);

                /** Hello labels */
                labels?: (herdbeat.v1.Attribute.$Properties[]|null);

                /** Hello networks */
                networks?: (herdbeat.v1.NodeNetwork.$Properties[]|null);

                /** Hello uptimeMs */
                uptimeMs?: (number|null);

                /** Hello capabilities */
                capabilities?: (string[]|null);

                /** Hello inventoryJson */
                inventoryJson?: (string|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a Hello. */
            type $Shape = herdbeat.v1.Hello.$Properties;
        }

        /**
         * Properties of a NodeNetwork.
         * @deprecated Use herdbeat.v1.NodeNetwork.$Properties instead.
         */
        interface INodeNetwork extends herdbeat.v1.NodeNetwork.$Properties {
        }

        /** Represents a NodeNetwork. */
        class NodeNetwork {

            /**
             * Constructs a new NodeNetwork.
             * @param [properties] Properties to set
             */
            constructor(properties?: herdbeat.v1.NodeNetwork.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** NodeNetwork role. */
            role: string;

            /** NodeNetwork interface. */
            interface: string;

            /** NodeNetwork addresses. */
            addresses: string[];

            /**
             * Encodes the specified NodeNetwork message. Does not implicitly {@link herdbeat.v1.NodeNetwork.verify|verify} messages.
             * @param message NodeNetwork message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: herdbeat.v1.NodeNetwork.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a NodeNetwork message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {herdbeat.v1.NodeNetwork & herdbeat.v1.NodeNetwork.$Shape} NodeNetwork
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): herdbeat.v1.NodeNetwork & herdbeat.v1.NodeNetwork.$Shape;
        }

        namespace NodeNetwork {

            /** Properties of a NodeNetwork. */
            interface $Properties {

                /** NodeNetwork role */
                role?: (string|null);

                /** NodeNetwork interface */
                "interface"?: (string|null);

                /** NodeNetwork addresses */
                addresses?: (string[]|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a NodeNetwork. */
            type $Shape = herdbeat.v1.NodeNetwork.$Properties;
        }

        /**
         * Properties of a Welcome.
         * @deprecated Use herdbeat.v1.Welcome.$Properties instead.
         */
        interface IWelcome extends herdbeat.v1.Welcome.$Properties {
        }

        /** Represents a Welcome. */
        class Welcome {

            /**
             * Constructs a new Welcome.
             * @param [properties] Properties to set
             */
            constructor(properties?: herdbeat.v1.Welcome.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** Welcome version. */
            version: number;

            /** Welcome aggregatorId. */
            aggregatorId: string;

            /** Welcome nodeId. */
            nodeId: string;

            /** Welcome incarnation. */
            incarnation: number;

            /** Welcome sessionEpoch. */
            sessionEpoch: number;

            /** Welcome heartbeatIntervalMs. */
            heartbeatIntervalMs: number;

            /** Welcome frameBytesMax. */
            frameBytesMax: number;

            /** Welcome framesPerSecondMax. */
            framesPerSecondMax: number;

            /** Welcome acknowledgedTransition. */
            acknowledgedTransition: number;

            /** Welcome clusterId. */
            clusterId: string;

            /** Welcome aggregatorVersion. */
            aggregatorVersion: string;

            /**
             * Encodes the specified Welcome message. Does not implicitly {@link herdbeat.v1.Welcome.verify|verify} messages.
             * @param message Welcome message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: herdbeat.v1.Welcome.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a Welcome message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {herdbeat.v1.Welcome & herdbeat.v1.Welcome.$Shape} Welcome
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): herdbeat.v1.Welcome & herdbeat.v1.Welcome.$Shape;
        }

        namespace Welcome {

            /** Properties of a Welcome. */
            interface $Properties {

                /** Welcome version */
                version?: (number|null);

                /** Welcome aggregatorId */
                aggregatorId?: (string|null);

                /** Welcome nodeId */
                nodeId?: (string|null);

                /** Welcome incarnation */
                incarnation?: (number|null);

                /** Welcome sessionEpoch */
                sessionEpoch?: (number|null);

                /** Welcome heartbeatIntervalMs */
                heartbeatIntervalMs?: (number|null);

                /** Welcome frameBytesMax */
                frameBytesMax?: (number|null);

                /** Welcome framesPerSecondMax */
                framesPerSecondMax?: (number|null);

                /** Welcome acknowledgedTransition */
                acknowledgedTransition?: (number|null);

                /** Welcome clusterId */
                clusterId?: (string|null);

                /** Welcome aggregatorVersion */
                aggregatorVersion?: (string|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a Welcome. */
            type $Shape = herdbeat.v1.Welcome.$Properties;
        }

        /** GoodbyeReason enum. */
        enum GoodbyeReason {

            /** GOODBYE_REASON_UNSPECIFIED value */
            GOODBYE_REASON_UNSPECIFIED = 0,

            /** GOODBYE_REASON_SHUTDOWN value */
            GOODBYE_REASON_SHUTDOWN = 1,

            /** GOODBYE_REASON_NOT_OWNER value */
            GOODBYE_REASON_NOT_OWNER = 2,

            /** GOODBYE_REASON_VERSION_UNSUPPORTED value */
            GOODBYE_REASON_VERSION_UNSUPPORTED = 3,

            /** GOODBYE_REASON_IDENTITY_REFUSED value */
            GOODBYE_REASON_IDENTITY_REFUSED = 4,

            /** GOODBYE_REASON_PROTOCOL_ERROR value */
            GOODBYE_REASON_PROTOCOL_ERROR = 5,

            /** GOODBYE_REASON_RATE_EXCEEDED value */
            GOODBYE_REASON_RATE_EXCEEDED = 6,

            /** GOODBYE_REASON_REPLACED value */
            GOODBYE_REASON_REPLACED = 7,

            /** GOODBYE_REASON_HOST_SHUTDOWN value */
            GOODBYE_REASON_HOST_SHUTDOWN = 8,

            /** GOODBYE_REASON_BUSY value */
            GOODBYE_REASON_BUSY = 9
        }

        /**
         * Properties of a Goodbye.
         * @deprecated Use herdbeat.v1.Goodbye.$Properties instead.
         */
        interface IGoodbye extends herdbeat.v1.Goodbye.$Properties {
        }

        /** Represents a Goodbye. */
        class Goodbye {

            /**
             * Constructs a new Goodbye.
             * @param [properties] Properties to set
             */
            constructor(properties?: herdbeat.v1.Goodbye.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** Goodbye reason. */
            reason: herdbeat.v1.GoodbyeReason;

            /** Goodbye message. */
            message: string;

            /** Goodbye endpoint. */
            endpoint: string;

            /** Goodbye reconnectAfterMs. */
            reconnectAfterMs: number;

            /**
             * Encodes the specified Goodbye message. Does not implicitly {@link herdbeat.v1.Goodbye.verify|verify} messages.
             * @param message Goodbye message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: herdbeat.v1.Goodbye.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a Goodbye message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {herdbeat.v1.Goodbye & herdbeat.v1.Goodbye.$Shape} Goodbye
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): herdbeat.v1.Goodbye & herdbeat.v1.Goodbye.$Shape;
        }

        namespace Goodbye {

            /** Properties of a Goodbye. */
            interface $Properties {

                /** Goodbye reason */
                reason?: (herdbeat.v1.GoodbyeReason|null);

                /** Goodbye message */
                message?: (string|null);

                /** Goodbye endpoint */
                endpoint?: (string|null);

                /** Goodbye reconnectAfterMs */
                reconnectAfterMs?: (number|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a Goodbye. */
            type $Shape = herdbeat.v1.Goodbye.$Properties;
        }

        /**
         * Properties of a WitnessRequest.
         * @deprecated Use herdbeat.v1.WitnessRequest.$Properties instead.
         */
        interface IWitnessRequest extends herdbeat.v1.WitnessRequest.$Properties {
        }

        /** Represents a WitnessRequest. */
        class WitnessRequest {

            /**
             * Constructs a new WitnessRequest.
             * @param [properties] Properties to set
             */
            constructor(properties?: herdbeat.v1.WitnessRequest.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** WitnessRequest requestId. */
            requestId: number;

            /** WitnessRequest nodeId. */
            nodeId: string;

            /** WitnessRequest probes. */
            probes: herdbeat.v1.WitnessProbe.$Properties[];

            /** WitnessRequest timeoutMs. */
            timeoutMs: number;

            /**
             * Encodes the specified WitnessRequest message. Does not implicitly {@link herdbeat.v1.WitnessRequest.verify|verify} messages.
             * @param message WitnessRequest message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: herdbeat.v1.WitnessRequest.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a WitnessRequest message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {herdbeat.v1.WitnessRequest & herdbeat.v1.WitnessRequest.$Shape} WitnessRequest
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): herdbeat.v1.WitnessRequest & herdbeat.v1.WitnessRequest.$Shape;
        }

        namespace WitnessRequest {

            /** Properties of a WitnessRequest. */
            interface $Properties {

                /** WitnessRequest requestId */
                requestId?: (number|null);

                /** WitnessRequest nodeId */
                nodeId?: (string|null);

                /** WitnessRequest probes */
                probes?: (herdbeat.v1.WitnessProbe.$Properties[]|null);

                /** WitnessRequest timeoutMs */
                timeoutMs?: (number|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a WitnessRequest. */
            type $Shape = herdbeat.v1.WitnessRequest.$Properties;
        }

        /**
         * Properties of a WitnessProbe.
         * @deprecated Use herdbeat.v1.WitnessProbe.$Properties instead.
         */
        interface IWitnessProbe extends herdbeat.v1.WitnessProbe.$Properties {
        }

        /** Represents a WitnessProbe. */
        class WitnessProbe {

            /**
             * Constructs a new WitnessProbe.
             * @param [properties] Properties to set
             */
            constructor(properties?: herdbeat.v1.WitnessProbe.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** WitnessProbe kind. */
            kind: string;

            /** WitnessProbe networkRole. */
            networkRole: string;

            /** WitnessProbe address. */
            address: string;

            /** WitnessProbe port. */
            port: number;

            /** WitnessProbe nonce. */
            nonce: Uint8Array;

            /**
             * Encodes the specified WitnessProbe message. Does not implicitly {@link herdbeat.v1.WitnessProbe.verify|verify} messages.
             * @param message WitnessProbe message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: herdbeat.v1.WitnessProbe.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a WitnessProbe message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {herdbeat.v1.WitnessProbe & herdbeat.v1.WitnessProbe.$Shape} WitnessProbe
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): herdbeat.v1.WitnessProbe & herdbeat.v1.WitnessProbe.$Shape;
        }

        namespace WitnessProbe {

            /** Properties of a WitnessProbe. */
            interface $Properties {

                /** WitnessProbe kind */
                kind?: (string|null);

                /** WitnessProbe networkRole */
                networkRole?: (string|null);

                /** WitnessProbe address */
                address?: (string|null);

                /** WitnessProbe port */
                port?: (number|null);

                /** WitnessProbe nonce */
                nonce?: (Uint8Array|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a WitnessProbe. */
            type $Shape = herdbeat.v1.WitnessProbe.$Properties;
        }

        /**
         * Properties of a WitnessReport.
         * @deprecated Use herdbeat.v1.WitnessReport.$Properties instead.
         */
        interface IWitnessReport extends herdbeat.v1.WitnessReport.$Properties {
        }

        /** Represents a WitnessReport. */
        class WitnessReport {

            /**
             * Constructs a new WitnessReport.
             * @param [properties] Properties to set
             */
            constructor(properties?: herdbeat.v1.WitnessReport.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** WitnessReport requestId. */
            requestId: number;

            /** WitnessReport nodeId. */
            nodeId: string;

            /** WitnessReport observations. */
            observations: herdbeat.v1.WitnessObservation.$Properties[];

            /**
             * Encodes the specified WitnessReport message. Does not implicitly {@link herdbeat.v1.WitnessReport.verify|verify} messages.
             * @param message WitnessReport message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: herdbeat.v1.WitnessReport.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a WitnessReport message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {herdbeat.v1.WitnessReport & herdbeat.v1.WitnessReport.$Shape} WitnessReport
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): herdbeat.v1.WitnessReport & herdbeat.v1.WitnessReport.$Shape;
        }

        namespace WitnessReport {

            /** Properties of a WitnessReport. */
            interface $Properties {

                /** WitnessReport requestId */
                requestId?: (number|null);

                /** WitnessReport nodeId */
                nodeId?: (string|null);

                /** WitnessReport observations */
                observations?: (herdbeat.v1.WitnessObservation.$Properties[]|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a WitnessReport. */
            type $Shape = herdbeat.v1.WitnessReport.$Properties;
        }

        /**
         * Properties of a WitnessObservation.
         * @deprecated Use herdbeat.v1.WitnessObservation.$Properties instead.
         */
        interface IWitnessObservation extends herdbeat.v1.WitnessObservation.$Properties {
        }

        /** Represents a WitnessObservation. */
        class WitnessObservation {

            /**
             * Constructs a new WitnessObservation.
             * @param [properties] Properties to set
             */
            constructor(properties?: herdbeat.v1.WitnessObservation.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** WitnessObservation kind. */
            kind: string;

            /** WitnessObservation networkRole. */
            networkRole: string;

            /** WitnessObservation address. */
            address: string;

            /** WitnessObservation outcome. */
            outcome: string;

            /** WitnessObservation ageMs. */
            ageMs: number;

            /** WitnessObservation proof. */
            proof: Uint8Array;

            /**
             * Encodes the specified WitnessObservation message. Does not implicitly {@link herdbeat.v1.WitnessObservation.verify|verify} messages.
             * @param message WitnessObservation message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: herdbeat.v1.WitnessObservation.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a WitnessObservation message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {herdbeat.v1.WitnessObservation & herdbeat.v1.WitnessObservation.$Shape} WitnessObservation
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): herdbeat.v1.WitnessObservation & herdbeat.v1.WitnessObservation.$Shape;
        }

        namespace WitnessObservation {

            /** Properties of a WitnessObservation. */
            interface $Properties {

                /** WitnessObservation kind */
                kind?: (string|null);

                /** WitnessObservation networkRole */
                networkRole?: (string|null);

                /** WitnessObservation address */
                address?: (string|null);

                /** WitnessObservation outcome */
                outcome?: (string|null);

                /** WitnessObservation ageMs */
                ageMs?: (number|null);

                /** WitnessObservation proof */
                proof?: (Uint8Array|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a WitnessObservation. */
            type $Shape = herdbeat.v1.WitnessObservation.$Properties;
        }

        /**
         * Properties of a Relay.
         * @deprecated Use herdbeat.v1.Relay.$Properties instead.
         */
        interface IRelay extends herdbeat.v1.Relay.$Properties {
        }

        /** Represents a Relay. */
        class Relay {

            /**
             * Constructs a new Relay.
             * @param [properties] Properties to set
             */
            constructor(properties?: herdbeat.v1.Relay.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** Relay nodeId. */
            nodeId: string;

            /** Relay ageMs. */
            ageMs: number;

            /** Relay frame. */
            frame: Uint8Array;

            /**
             * Encodes the specified Relay message. Does not implicitly {@link herdbeat.v1.Relay.verify|verify} messages.
             * @param message Relay message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: herdbeat.v1.Relay.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a Relay message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {herdbeat.v1.Relay & herdbeat.v1.Relay.$Shape} Relay
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): herdbeat.v1.Relay & herdbeat.v1.Relay.$Shape;
        }

        namespace Relay {

            /** Properties of a Relay. */
            interface $Properties {

                /** Relay nodeId */
                nodeId?: (string|null);

                /** Relay ageMs */
                ageMs?: (number|null);

                /** Relay frame */
                frame?: (Uint8Array|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a Relay. */
            type $Shape = herdbeat.v1.Relay.$Properties;
        }

        /**
         * Properties of a PeerQuestion.
         * @deprecated Use herdbeat.v1.PeerQuestion.$Properties instead.
         */
        interface IPeerQuestion extends herdbeat.v1.PeerQuestion.$Properties {
        }

        /** Represents a PeerQuestion. */
        class PeerQuestion {

            /**
             * Constructs a new PeerQuestion.
             * @param [properties] Properties to set
             */
            constructor(properties?: herdbeat.v1.PeerQuestion.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** PeerQuestion questionId. */
            questionId: number;

            /** PeerQuestion nodeId. */
            nodeId: string;

            /**
             * Encodes the specified PeerQuestion message. Does not implicitly {@link herdbeat.v1.PeerQuestion.verify|verify} messages.
             * @param message PeerQuestion message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: herdbeat.v1.PeerQuestion.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a PeerQuestion message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {herdbeat.v1.PeerQuestion & herdbeat.v1.PeerQuestion.$Shape} PeerQuestion
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): herdbeat.v1.PeerQuestion & herdbeat.v1.PeerQuestion.$Shape;
        }

        namespace PeerQuestion {

            /** Properties of a PeerQuestion. */
            interface $Properties {

                /** PeerQuestion questionId */
                questionId?: (number|null);

                /** PeerQuestion nodeId */
                nodeId?: (string|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a PeerQuestion. */
            type $Shape = herdbeat.v1.PeerQuestion.$Properties;
        }

        /**
         * Properties of a PeerAnswer.
         * @deprecated Use herdbeat.v1.PeerAnswer.$Properties instead.
         */
        interface IPeerAnswer extends herdbeat.v1.PeerAnswer.$Properties {
        }

        /** Represents a PeerAnswer. */
        class PeerAnswer {

            /**
             * Constructs a new PeerAnswer.
             * @param [properties] Properties to set
             */
            constructor(properties?: herdbeat.v1.PeerAnswer.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** PeerAnswer questionId. */
            questionId: number;

            /** PeerAnswer nodeId. */
            nodeId: string;

            /** PeerAnswer leaseAgeMs. */
            leaseAgeMs: number;

            /** PeerAnswer leaseLapsed. */
            leaseLapsed: boolean;

            /**
             * Encodes the specified PeerAnswer message. Does not implicitly {@link herdbeat.v1.PeerAnswer.verify|verify} messages.
             * @param message PeerAnswer message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: herdbeat.v1.PeerAnswer.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a PeerAnswer message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {herdbeat.v1.PeerAnswer & herdbeat.v1.PeerAnswer.$Shape} PeerAnswer
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): herdbeat.v1.PeerAnswer & herdbeat.v1.PeerAnswer.$Shape;
        }

        namespace PeerAnswer {

            /** Properties of a PeerAnswer. */
            interface $Properties {

                /** PeerAnswer questionId */
                questionId?: (number|null);

                /** PeerAnswer nodeId */
                nodeId?: (string|null);

                /** PeerAnswer leaseAgeMs */
                leaseAgeMs?: (number|null);

                /** PeerAnswer leaseLapsed */
                leaseLapsed?: (boolean|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a PeerAnswer. */
            type $Shape = herdbeat.v1.PeerAnswer.$Properties;
        }
    }
}
