/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Registers, fields and codes of PCI and PCI Express under the names that FreeBSD
 * has for them, for programs that use them: PCIR_ offset of a register, PCIM_ mask
 * or value of a field, PCIY_ capability ID, PCIZ_ extended capability ID, PCIER_ and
 * PCIEM_ the same of the PCI Express capability, PCIC_, PCIS_ and PCIP_ class codes.
 * Offsets inside of a capability count from its first byte.
 */
#ifndef _DEV_PCI_PCIREG_H_
#define _DEV_PCI_PCIREG_H_

/* Limits: domains, buses, devices ("slots"), functions, configuration space */
#define PCI_DOMAINMAX			65535
#define PCI_BUSMAX			255
#define PCI_SLOTMAX			31
#define PCI_FUNCMAX			7
#define PCIE_ARI_SLOTMAX		0
#define PCIE_ARI_FUNCMAX		255
#define PCI_REGMAX			255
#define PCIE_REGMAX			4095
#define PCI_MAXHDRTYPE			2

/* Configuration space header, all types (PCI Local Bus 3.0, 6.2) */
#define PCIR_DEVVENDOR			0x00
#define PCIR_VENDOR			0x00
#define PCIR_DEVICE			0x02
#define PCIR_COMMAND			0x04
#define PCIM_CMD_PORTEN			0x0001
#define PCIM_CMD_MEMEN			0x0002
#define PCIM_CMD_BUSMASTEREN		0x0004
#define PCIM_CMD_SPECIALEN		0x0008
#define PCIM_CMD_MWRICEN		0x0010
#define PCIM_CMD_PERRESPEN		0x0040
#define PCIM_CMD_SERRESPEN		0x0100
#define PCIM_CMD_BACKTOBACK		0x0200
#define PCIM_CMD_INTxDIS		0x0400
#define PCIR_STATUS			0x06
#define PCIM_STATUS_INTxSTATE		0x0008
#define PCIM_STATUS_CAPPRESENT		0x0010
#define PCIM_STATUS_66CAPABLE		0x0020
#define PCIM_STATUS_BACKTOBACK		0x0080
#define PCIM_STATUS_MDPERR		0x0100
#define PCIM_STATUS_SEL_MASK		0x0600
#define PCIM_STATUS_SEL_FAST		0x0000
#define PCIM_STATUS_SEL_MEDIMUM		0x0200	/* spelled as in FreeBSD */
#define PCIM_STATUS_SEL_SLOW		0x0400
#define PCIM_STATUS_STABORT		0x0800
#define PCIM_STATUS_RTABORT		0x1000
#define PCIM_STATUS_RMABORT		0x2000
#define PCIM_STATUS_SERR		0x4000
#define PCIM_STATUS_PERR		0x8000
#define PCIR_REVID			0x08
#define PCIR_PROGIF			0x09
#define PCIR_SUBCLASS			0x0a
#define PCIR_CLASS			0x0b
#define PCIR_CACHELNSZ			0x0c
#define PCIR_LATTIMER			0x0d
#define PCIR_HDRTYPE			0x0e
#define PCIM_HDRTYPE			0x7f
#define PCIM_HDRTYPE_NORMAL		0x00
#define PCIM_HDRTYPE_BRIDGE		0x01
#define PCIM_HDRTYPE_CARDBUS		0x02
#define PCIM_MFDEV			0x80
#define PCIR_BIST			0x0f
#define PCIR_INTLINE			0x3c
#define PCIR_INTPIN			0x3d

/* Base address registers */
#define PCIR_BARS			0x10
#define PCIR_BAR(x)			(PCIR_BARS + (x) * 4)
#define PCI_RID2BAR(rid)		(((rid) - PCIR_BARS) / 4)
#define PCIR_MAX_BAR_0			5
#define PCIR_MAX_BAR_1			1
#define PCIR_MAX_BAR_2			0
#define PCIM_BAR_SPACE			0x00000001
#define PCIM_BAR_MEM_SPACE		0
#define PCIM_BAR_IO_SPACE		1
#define PCIM_BAR_MEM_TYPE		0x00000006
#define PCIM_BAR_MEM_32			0
#define PCIM_BAR_MEM_1MB		2	/* below 1 MiB, before PCI 2.2 */
#define PCIM_BAR_MEM_64			4
#define PCIM_BAR_MEM_PREFETCH		0x00000008
#define PCIM_BAR_MEM_BASE		0xfffffffffffffff0ULL
#define PCIM_BAR_IO_RESERVED		0x00000002
#define PCIM_BAR_IO_BASE		0xfffffffc
#define PCI_BAR_IO(x)			(((x) & PCIM_BAR_SPACE) == PCIM_BAR_IO_SPACE)
#define PCI_BAR_MEM(x)			(((x) & PCIM_BAR_SPACE) == PCIM_BAR_MEM_SPACE)

/* Header type 0: endpoints */
#define PCIR_CIS			0x28
#define PCIR_SUBVEND_0			0x2c
#define PCIR_SUBDEV_0			0x2e
#define PCIR_BIOS			0x30
#define PCIM_BIOS_ENABLE		0x01
#define PCIM_BIOS_ADDR_MASK		0xfffff800
#define PCIR_CAP_PTR			0x34
#define PCIR_MINGNT			0x3e
#define PCIR_MAXLAT			0x3f

/* Header type 1: PCI-to-PCI bridges (PCI-to-PCI Bridge 1.2, 3.2) */
#define PCIR_PRIBUS_1			0x18
#define PCIR_SECBUS_1			0x19
#define PCIR_SUBBUS_1			0x1a
#define PCIR_SECLAT_1			0x1b
#define PCIR_IOBASEL_1			0x1c
#define PCIR_IOLIMITL_1			0x1d
#define PCIR_SECSTAT_1			0x1e
#define PCIR_MEMBASE_1			0x20
#define PCIR_MEMLIMIT_1			0x22
#define PCIR_PMBASEL_1			0x24
#define PCIR_PMLIMITL_1			0x26
#define PCIR_PMBASEH_1			0x28
#define PCIR_PMLIMITH_1			0x2c
#define PCIR_IOBASEH_1			0x30
#define PCIR_IOLIMITH_1			0x32
#define PCIR_BIOS_1			0x38
#define PCIR_BRIDGECTL_1		0x3e
#define PCIM_BRIO_MASK			0xf
#define PCIM_BRIO_16			0x0
#define PCIM_BRIO_32			0x1
#define PCIM_BRPM_MASK			0xf
#define PCIM_BRPM_32			0x0
#define PCIM_BRPM_64			0x1
#define PCIB_BCR_PERR_ENABLE		0x0001
#define PCIB_BCR_SERR_ENABLE		0x0002
#define PCIB_BCR_ISA_ENABLE		0x0004
#define PCIB_BCR_VGA_ENABLE		0x0008
#define PCIB_BCR_MASTER_ABORT_MODE	0x0020
#define PCIB_BCR_SECBUS_RESET		0x0040
#define PCIB_BCR_SECBUS_BACKTOBACK	0x0080
#define PCIB_BCR_PRI_DISCARD_TIMEOUT	0x0100
#define PCIB_BCR_SEC_DISCARD_TIMEOUT	0x0200
#define PCIB_BCR_DISCARD_TIMER_STATUS	0x0400
#define PCIB_BCR_DISCARD_TIMER_SERREN	0x0800

/* Windows of a bridge: first and last address, of the registers' upper and lower parts */
#define PCI_PPBMEMBASE(h, l) \
	((((uint64_t)(h) << 32) + ((uint64_t)(l) << 16)) & ~(uint64_t)0xfffff)
#define PCI_PPBMEMLIMIT(h, l) \
	((((uint64_t)(h) << 32) + ((uint64_t)(l) << 16)) | 0xfffff)
#define PCI_PPBIOBASE(h, l) \
	((((h) << 16) + ((l) << 8)) & ~0xfff)
#define PCI_PPBIOLIMIT(h, l) \
	((((h) << 16) + ((l) << 8)) | 0xfff)

/* Header type 2: CardBus bridges (PC Card 8.0) */
#define PCIR_CAP_PTR_2			0x14
#define PCIR_SECSTAT_2			0x16
#define PCIR_PRIBUS_2			0x18
#define PCIR_SECBUS_2			0x19
#define PCIR_SUBBUS_2			0x1a
#define PCIR_SECLAT_2			0x1b
#define PCIR_MEMBASE0_2			0x1c
#define PCIR_MEMLIMIT0_2		0x20
#define PCIR_MEMBASE1_2			0x24
#define PCIR_MEMLIMIT1_2		0x28
#define PCIR_IOBASE0_2			0x2c
#define PCIR_IOLIMIT0_2			0x30
#define PCIR_IOBASE1_2			0x34
#define PCIR_IOLIMIT1_2			0x38
#define PCIR_BRIDGECTL_2		0x3e
#define PCIR_SUBVEND_2			0x40
#define PCIR_SUBDEV_2			0x42
#define PCIR_PCCARDIF_2			0x44

/* Capabilities: header and IDs (PCI Code and ID Assignment, 2) */
#define PCICAP_ID			0x0
#define PCICAP_NEXTPTR			0x1
#define PCIY_PMG			0x01	/* power management */
#define PCIY_AGP			0x02
#define PCIY_VPD			0x03	/* vital product data */
#define PCIY_SLOTID			0x04	/* slot identification */
#define PCIY_MSI			0x05
#define PCIY_CHSWP			0x06	/* CompactPCI hot swap */
#define PCIY_PCIX			0x07
#define PCIY_HT				0x08	/* HyperTransport */
#define PCIY_VENDOR			0x09	/* vendor-specific */
#define PCIY_DEBUG			0x0a	/* debug port */
#define PCIY_CRES			0x0b	/* CompactPCI central resource control */
#define PCIY_HOTPLUG			0x0c
#define PCIY_SUBVENDOR			0x0d	/* subsystem IDs of a bridge */
#define PCIY_AGP8X			0x0e
#define PCIY_SECDEV			0x0f	/* secure device */
#define PCIY_EXPRESS			0x10
#define PCIY_MSIX			0x11
#define PCIY_SATA			0x12
#define PCIY_PCIAF			0x13	/* advanced features */
#define PCIY_EA				0x14	/* enhanced allocation */
#define PCIY_FPB			0x15	/* flattening portal bridge */

/* Extended capabilities: header and IDs (PCI Code and ID Assignment, 3) */
#define PCIR_EXTCAP			0x100
#define PCIM_EXTCAP_ID			0x0000ffff
#define PCIM_EXTCAP_VER			0x000f0000
#define PCIM_EXTCAP_NEXTPTR		0xfff00000
#define PCI_EXTCAP_ID(ecap)		((ecap) & PCIM_EXTCAP_ID)
#define PCI_EXTCAP_VER(ecap)		(((ecap) & PCIM_EXTCAP_VER) >> 16)
#define PCI_EXTCAP_NEXTPTR(ecap)	(((ecap) & PCIM_EXTCAP_NEXTPTR) >> 20)
#define PCIZ_AER			0x0001	/* advanced error reporting */
#define PCIZ_VC				0x0002	/* virtual channel, without MFVC */
#define PCIZ_SERNUM			0x0003	/* device serial number */
#define PCIZ_PWRBDGT			0x0004	/* power budgeting */
#define PCIZ_RCLINK_DCL			0x0005	/* root complex link declaration */
#define PCIZ_RCLINK_CTL			0x0006	/* root complex internal link control */
#define PCIZ_RCEC_ASSOC			0x0007	/* root complex event collector */
#define PCIZ_MFVC			0x0008	/* multi-function virtual channel */
#define PCIZ_VC2			0x0009	/* virtual channel, with MFVC */
#define PCIZ_RCRB			0x000a	/* root complex register block */
#define PCIZ_VENDOR			0x000b	/* vendor-specific */
#define PCIZ_CAC			0x000c	/* configuration access correlation */
#define PCIZ_ACS			0x000d	/* access control services */
#define PCIZ_ARI			0x000e	/* alternative routing-ID interpretation */
#define PCIZ_ATS			0x000f	/* address translation services */
#define PCIZ_SRIOV			0x0010
#define PCIZ_MRIOV			0x0011
#define PCIZ_MULTICAST			0x0012
#define PCIZ_PAGE_REQ			0x0013	/* page request */
#define PCIZ_AMD			0x0014	/* reserved for AMD */
#define PCIZ_RESIZE_BAR			0x0015
#define PCIZ_DPA			0x0016	/* dynamic power allocation */
#define PCIZ_TPH_REQ			0x0017	/* TPH requester */
#define PCIZ_LTR			0x0018	/* latency tolerance reporting */
#define PCIZ_SEC_PCIE			0x0019	/* secondary PCI Express */
#define PCIZ_PMUX			0x001a	/* protocol multiplexing */
#define PCIZ_PASID			0x001b	/* process address space ID */
#define PCIZ_LN_REQ			0x001c	/* LN requester */
#define PCIZ_DPC			0x001d	/* downstream port containment */
#define PCIZ_L1PM			0x001e	/* L1 PM substates */
#define PCIZ_PTM			0x001f	/* precision time measurement */
#define PCIZ_M_PCIE			0x0020	/* PCIe over M-PHY */
#define PCIZ_FRS			0x0021	/* FRS queueing */
#define PCIZ_RTR			0x0022	/* readiness time reporting */
#define PCIZ_DVSEC			0x0023	/* designated vendor-specific */
#define PCIZ_VF_REBAR			0x0024	/* VF resizable BAR */
#define PCIZ_DLNK			0x0025	/* data link feature */
#define PCIZ_16GT			0x0026	/* physical layer 16.0 GT/s */
#define PCIZ_LMR			0x0027	/* lane margining at the receiver */
#define PCIZ_HIER_ID			0x0028	/* hierarchy ID */
#define PCIZ_NPEM			0x0029	/* native PCIe enclosure management */

/* Power management (PCI Power Management 1.2, 3.2) */
#define PCIR_POWER_CAP			0x2
#define PCIM_PCAP_SPEC			0x0007
#define PCIM_PCAP_PMEREQCLK		0x0008
#define PCIM_PCAP_DEVSPECINIT		0x0020
#define PCIM_PCAP_AUXPWRMASK		0x01c0
#define PCIM_PCAP_D1SUPP		0x0200
#define PCIM_PCAP_D2SUPP		0x0400
#define PCIM_PCAP_D0PME			0x0800
#define PCIM_PCAP_D1PME			0x1000
#define PCIM_PCAP_D2PME			0x2000
#define PCIM_PCAP_D3PME_HOT		0x4000
#define PCIM_PCAP_D3PME_COLD		0x8000
#define PCIR_POWER_STATUS		0x4
#define PCIM_PSTAT_DMASK		0x0003
#define PCIM_PSTAT_D0			0x0000
#define PCIM_PSTAT_D1			0x0001
#define PCIM_PSTAT_D2			0x0002
#define PCIM_PSTAT_D3			0x0003
#define PCIM_PSTAT_NOSOFTRESET		0x0008
#define PCIM_PSTAT_PMEENABLE		0x0100
#define PCIM_PSTAT_DATASELMASK		0x1e00
#define PCIM_PSTAT_DATADIVMASK		0x6000
#define PCIM_PSTAT_PME			0x8000
#define PCIR_POWER_BSE			0x6
#define PCIR_POWER_DATA			0x7

/* Vital product data (PCI Local Bus 3.0, appendix I) */
#define PCIR_VPD_ADDR			0x2
#define PCIR_VPD_DATA			0x4

/* MSI (PCI Local Bus 3.0, 6.8.1) */
#define PCIR_MSI_CTRL			0x2
#define PCIM_MSICTRL_MSI_ENABLE		0x0001
#define PCIM_MSICTRL_MMC_MASK		0x000E
#define PCIM_MSICTRL_MMC_1		0x0000
#define PCIM_MSICTRL_MMC_2		0x0002
#define PCIM_MSICTRL_MMC_4		0x0004
#define PCIM_MSICTRL_MMC_8		0x0006
#define PCIM_MSICTRL_MMC_16		0x0008
#define PCIM_MSICTRL_MMC_32		0x000A
#define PCIM_MSICTRL_MME_MASK		0x0070
#define PCIM_MSICTRL_MME_1		0x0000
#define PCIM_MSICTRL_MME_2		0x0010
#define PCIM_MSICTRL_MME_4		0x0020
#define PCIM_MSICTRL_MME_8		0x0030
#define PCIM_MSICTRL_MME_16		0x0040
#define PCIM_MSICTRL_MME_32		0x0050
#define PCIM_MSICTRL_64BIT		0x0080
#define PCIM_MSICTRL_VECTOR		0x0100
#define PCIR_MSI_ADDR			0x4
#define PCIR_MSI_ADDR_HIGH		0x8
#define PCIR_MSI_DATA			0x8
#define PCIR_MSI_DATA_64BIT		0xc
#define PCIR_MSI_MASK			0x10
#define PCIR_MSI_PENDING		0x14

/* MSI-X (PCI Local Bus 3.0, 6.8.2) */
#define PCIR_MSIX_CTRL			0x2
#define PCIM_MSIXCTRL_TABLE_SIZE	0x07FF
#define PCIM_MSIXCTRL_FUNCTION_MASK	0x4000
#define PCIM_MSIXCTRL_MSIX_ENABLE	0x8000
#define PCIR_MSIX_TABLE			0x4
#define PCIR_MSIX_PBA			0x8
#define PCIM_MSIX_BIR_MASK		0x7
#define PCIM_MSIX_BIR_BAR_10		0
#define PCIM_MSIX_BIR_BAR_14		1
#define PCIM_MSIX_BIR_BAR_18		2
#define PCIM_MSIX_BIR_BAR_1C		3
#define PCIM_MSIX_BIR_BAR_20		4
#define PCIM_MSIX_BIR_BAR_24		5
#define PCIM_MSIX_VCTRL_MASK		0x1

/* Vendor-specific, debug port, subsystem IDs of a bridge, advanced features */
#define PCIR_VENDOR_LENGTH		0x2
#define PCIR_VENDOR_DATA		0x3
#define PCIR_DEBUG_PORT			0x2
#define PCIM_DEBUG_PORT_OFFSET		0x1FFF
#define PCIM_DEBUG_PORT_BAR		0xe000
#define PCIR_SUBVENDCAP_ID		0x4
#define PCIR_PCIAF_CAP			0x3
#define PCIM_PCIAFCAP_TP		0x01
#define PCIM_PCIAFCAP_FLR		0x02
#define PCIR_PCIAF_CTRL			0x4
#define PCIR_PCIAFCTRL_FLR		0x01
#define PCIR_PCIAF_STATUS		0x5
#define PCIR_PCIAFSTATUS_TP		0x01

/* PCI Express capability (PCI Express Base 6.0, 7.5.3) */
#define PCIER_FLAGS			0x2
#define PCIEM_FLAGS_VERSION		0x000F
#define PCIEM_FLAGS_TYPE		0x00F0
#define PCIEM_TYPE_ENDPOINT		0x0000
#define PCIEM_TYPE_LEGACY_ENDPOINT	0x0010
#define PCIEM_TYPE_ROOT_PORT		0x0040
#define PCIEM_TYPE_UPSTREAM_PORT	0x0050
#define PCIEM_TYPE_DOWNSTREAM_PORT	0x0060
#define PCIEM_TYPE_PCI_BRIDGE		0x0070
#define PCIEM_TYPE_PCIE_BRIDGE		0x0080
#define PCIEM_TYPE_ROOT_INT_EP		0x0090
#define PCIEM_TYPE_ROOT_EC		0x00a0
#define PCIEM_FLAGS_SLOT		0x0100
#define PCIEM_FLAGS_IRQ			0x3e00
#define PCIER_DEVICE_CAP		0x4
#define PCIEM_CAP_MAX_PAYLOAD		0x00000007
#define PCIEM_CAP_PHANTHOM_FUNCS	0x00000018
#define PCIEM_CAP_EXT_TAG_FIELD		0x00000020
#define PCIEM_CAP_L0S_LATENCY		0x000001c0
#define PCIEM_CAP_L1_LATENCY		0x00000e00
#define PCIEM_CAP_ROLE_ERR_RPT		0x00008000
#define PCIEM_CAP_SLOT_PWR_LIM_VAL	0x03fc0000
#define PCIEM_CAP_SLOT_PWR_LIM_SCALE	0x0c000000
#define PCIEM_CAP_FLR			0x10000000
#define PCIER_DEVICE_CTL		0x8
#define PCIEM_CTL_COR_ENABLE		0x0001
#define PCIEM_CTL_NFER_ENABLE		0x0002
#define PCIEM_CTL_FER_ENABLE		0x0004
#define PCIEM_CTL_URR_ENABLE		0x0008
#define PCIEM_CTL_RELAXED_ORD_ENABLE	0x0010
#define PCIEM_CTL_MAX_PAYLOAD		0x00e0
#define PCIEM_CTL_EXT_TAG_FIELD		0x0100
#define PCIEM_CTL_PHANTHOM_FUNCS	0x0200
#define PCIEM_CTL_AUX_POWER_PM		0x0400
#define PCIEM_CTL_NOSNOOP_ENABLE	0x0800
#define PCIEM_CTL_MAX_READ_REQUEST	0x7000
#define PCIEM_CTL_BRDG_CFG_RETRY	0x8000	/* bridges */
#define PCIEM_CTL_INITIATE_FLR		0x8000	/* endpoints */
#define PCIER_DEVICE_STA		0xa
#define PCIEM_STA_CORRECTABLE_ERROR	0x0001
#define PCIEM_STA_NON_FATAL_ERROR	0x0002
#define PCIEM_STA_FATAL_ERROR		0x0004
#define PCIEM_STA_UNSUPPORTED_REQ	0x0008
#define PCIEM_STA_AUX_POWER		0x0010
#define PCIEM_STA_TRANSACTION_PND	0x0020
#define PCIER_LINK_CAP			0xc
#define PCIEM_LINK_CAP_MAX_SPEED	0x0000000f
#define PCIEM_LINK_CAP_MAX_WIDTH	0x000003f0
#define PCIEM_LINK_CAP_ASPM		0x00000c00
#define PCIEM_LINK_CAP_L0S_EXIT		0x00007000
#define PCIEM_LINK_CAP_L1_EXIT		0x00038000
#define PCIEM_LINK_CAP_CLOCK_PM		0x00040000
#define PCIEM_LINK_CAP_SURPRISE_DOWN	0x00080000
#define PCIEM_LINK_CAP_DL_ACTIVE	0x00100000
#define PCIEM_LINK_CAP_LINK_BW_NOTIFY	0x00200000
#define PCIEM_LINK_CAP_ASPM_COMPLIANCE	0x00400000
#define PCIEM_LINK_CAP_PORT		0xff000000
#define PCIER_LINK_CTL			0x10
#define PCIEM_LINK_CTL_ASPMC		0x0003
#define PCIEM_LINK_CTL_ASPMC_DIS	0x0000
#define PCIEM_LINK_CTL_ASPMC_L0S	0x0001
#define PCIEM_LINK_CTL_ASPMC_L1		0x0002
#define PCIEM_LINK_CTL_RCB		0x0008
#define PCIEM_LINK_CTL_LINK_DIS		0x0010
#define PCIEM_LINK_CTL_RETRAIN_LINK	0x0020
#define PCIEM_LINK_CTL_COMMON_CLOCK	0x0040
#define PCIEM_LINK_CTL_EXTENDED_SYNC	0x0080
#define PCIEM_LINK_CTL_ECPM		0x0100
#define PCIEM_LINK_CTL_HAWD		0x0200
#define PCIEM_LINK_CTL_LBMIE		0x0400
#define PCIEM_LINK_CTL_LABIE		0x0800
#define PCIER_LINK_STA			0x12
#define PCIEM_LINK_STA_SPEED		0x000f
#define PCIEM_LINK_STA_WIDTH		0x03f0
#define PCIEM_LINK_STA_TRAINING_ERROR	0x0400
#define PCIEM_LINK_STA_TRAINING		0x0800
#define PCIEM_LINK_STA_SLOT_CLOCK	0x1000
#define PCIEM_LINK_STA_DL_ACTIVE	0x2000
#define PCIEM_LINK_STA_LINK_BW_MGMT	0x4000
#define PCIEM_LINK_STA_LINK_AUTO_BW	0x8000
#define PCIER_SLOT_CAP			0x14
#define PCIEM_SLOT_CAP_APB		0x00000001
#define PCIEM_SLOT_CAP_PCP		0x00000002
#define PCIEM_SLOT_CAP_MRLSP		0x00000004
#define PCIEM_SLOT_CAP_AIP		0x00000008
#define PCIEM_SLOT_CAP_PIP		0x00000010
#define PCIEM_SLOT_CAP_HPS		0x00000020
#define PCIEM_SLOT_CAP_HPC		0x00000040
#define PCIEM_SLOT_CAP_SPLV		0x00007f80
#define PCIEM_SLOT_CAP_SPLS		0x00018000
#define PCIEM_SLOT_CAP_EIP		0x00020000
#define PCIEM_SLOT_CAP_NCCS		0x00040000
#define PCIEM_SLOT_CAP_PSN		0xfff80000
#define PCIER_SLOT_CTL			0x18
#define PCIEM_SLOT_CTL_ABPE		0x0001
#define PCIEM_SLOT_CTL_PFDE		0x0002
#define PCIEM_SLOT_CTL_MRLSCE		0x0004
#define PCIEM_SLOT_CTL_PDCE		0x0008
#define PCIEM_SLOT_CTL_CCIE		0x0010
#define PCIEM_SLOT_CTL_HPIE		0x0020
#define PCIEM_SLOT_CTL_AIC		0x00c0
#define PCIEM_SLOT_CTL_PIC		0x0300
#define PCIEM_SLOT_CTL_PCC		0x0400
#define PCIEM_SLOT_CTL_EIC		0x0800
#define PCIEM_SLOT_CTL_DLLSCE		0x1000
#define PCIER_SLOT_STA			0x1a
#define PCIEM_SLOT_STA_ABP		0x0001
#define PCIEM_SLOT_STA_PFD		0x0002
#define PCIEM_SLOT_STA_MRLSC		0x0004
#define PCIEM_SLOT_STA_PDC		0x0008
#define PCIEM_SLOT_STA_CC		0x0010
#define PCIEM_SLOT_STA_MRLSS		0x0020
#define PCIEM_SLOT_STA_PDS		0x0040
#define PCIEM_SLOT_STA_EIS		0x0080
#define PCIEM_SLOT_STA_DLLSC		0x0100
#define PCIER_ROOT_CTL			0x1c
#define PCIER_ROOT_CAP			0x1e
#define PCIER_ROOT_STA			0x20
#define PCIER_DEVICE_CAP2		0x24
#define PCIEM_CAP2_ARI			0x20
#define PCIER_DEVICE_CTL2		0x28
#define PCIEM_CTL2_COMP_TIMEOUT_VAL	0x000f
#define PCIEM_CTL2_COMP_TIMEOUT_DIS	0x0010
#define PCIEM_CTL2_ARI			0x0020
#define PCIEM_CTL2_ATOMIC_REQ_ENABLE	0x0040
#define PCIEM_CTL2_ATOMIC_EGR_BLOCK	0x0080
#define PCIEM_CTL2_ID_ORDERED_REQ_EN	0x0100
#define PCIEM_CTL2_ID_ORDERED_CMP_EN	0x0200
#define PCIEM_CTL2_LTR_ENABLE		0x0400
#define PCIEM_CTL2_OBFF			0x6000
#define PCIEM_CTL2_END2END_TLP		0x8000
#define PCIER_DEVICE_STA2		0x2a
#define PCIER_LINK_CAP2			0x2c
#define PCIER_LINK_CTL2			0x30
#define PCIER_LINK_STA2			0x32
#define PCIER_SLOT_CAP2			0x34
#define PCIER_SLOT_CTL2			0x38
#define PCIER_SLOT_STA2			0x3a

/* Advanced error reporting (PCI Express Base 6.0, 7.8.4) */
#define PCIR_AER_UC_STATUS		0x04
#define PCIM_AER_UC_TRAINING_ERROR	0x00000001
#define PCIM_AER_UC_DL_PROTOCOL_ERROR	0x00000010
#define PCIM_AER_UC_SURPRISE_LINK_DOWN	0x00000020
#define PCIM_AER_UC_POISONED_TLP	0x00001000
#define PCIM_AER_UC_FC_PROTOCOL_ERROR	0x00002000
#define PCIM_AER_UC_COMPLETION_TIMEOUT	0x00004000
#define PCIM_AER_UC_COMPLETER_ABORT	0x00008000
#define PCIM_AER_UC_UNEXPECTED_COMPLETION	0x00010000
#define PCIM_AER_UC_RECEIVER_OVERFLOW	0x00020000
#define PCIM_AER_UC_MALFORMED_TLP	0x00040000
#define PCIM_AER_UC_ECRC_ERROR		0x00080000
#define PCIM_AER_UC_UNSUPPORTED_REQUEST	0x00100000
#define PCIM_AER_UC_ACS_VIOLATION	0x00200000
#define PCIM_AER_UC_INTERNAL_ERROR	0x00400000
#define PCIM_AER_UC_MC_BLOCKED_TLP	0x00800000
#define PCIM_AER_UC_ATOMIC_EGRESS_BLK	0x01000000
#define PCIM_AER_UC_TLP_PREFIX_BLOCKED	0x02000000
#define PCIR_AER_UC_MASK		0x08
#define PCIR_AER_UC_SEVERITY		0x0c
#define PCIR_AER_COR_STATUS		0x10
#define PCIM_AER_COR_RECEIVER_ERROR	0x00000001
#define PCIM_AER_COR_BAD_TLP		0x00000040
#define PCIM_AER_COR_BAD_DLLP		0x00000080
#define PCIM_AER_COR_REPLAY_ROLLOVER	0x00000100
#define PCIM_AER_COR_REPLAY_TIMEOUT	0x00001000
#define PCIM_AER_COR_ADVISORY_NF_ERROR	0x00002000
#define PCIM_AER_COR_INTERNAL_ERROR	0x00004000
#define PCIM_AER_COR_HEADER_LOG_OVFLOW	0x00008000
#define PCIR_AER_COR_MASK		0x14
#define PCIR_AER_CAP_CONTROL		0x18
#define PCIM_AER_FIRST_ERROR_PTR	0x0000001f
#define PCIR_AER_HEADER_LOG		0x1c
#define PCIR_AER_ROOTERR_CMD		0x2c
#define PCIR_AER_ROOTERR_STATUS		0x30
#define PCIR_AER_COR_SOURCE_ID		0x34
#define PCIR_AER_ERR_SOURCE_ID		0x36
#define PCIR_AER_TLP_PREFIX_LOG		0x38

/* Virtual channel, serial number, SR-IOV (PCI Express Base 6.0, 7.9.1, 7.9.3, 9.3.3) */
#define PCIR_VC_CAP1			0x04
#define PCIM_VC_CAP1_EXT_COUNT		0x00000007
#define PCIM_VC_CAP1_LOWPRI_EXT_COUNT	0x00000070
#define PCIR_SERIAL_LOW			0x04
#define PCIR_SERIAL_HIGH		0x08
#define PCIR_SRIOV_CTL			0x08
#define PCIM_SRIOV_VF_EN		0x01
#define PCIM_SRIOV_VF_MSE		0x08
#define PCIM_SRIOV_ARI_EN		0x10
#define PCIR_SRIOV_TOTAL_VFS		0x0E
#define PCIR_SRIOV_NUM_VFS		0x10
#define PCIR_SRIOV_VF_OFF		0x14
#define PCIR_SRIOV_VF_STRIDE		0x16
#define PCIR_SRIOV_VF_DID		0x1A
#define PCIR_SRIOV_PAGE_CAP		0x1C
#define PCIR_SRIOV_PAGE_SIZE		0x20
#define PCIR_SRIOV_BARS			0x24
#define PCIR_SRIOV_BAR(x)		(PCIR_SRIOV_BARS + (x) * 4)

/* Class codes (PCI Code and ID Assignment, 1): base class, sub-class, interface */
#define PCIC_OLD			0x00
#define PCIS_OLD_NONVGA			0x00
#define PCIS_OLD_VGA			0x01

#define PCIC_STORAGE			0x01
#define PCIS_STORAGE_SCSI		0x00
#define PCIS_STORAGE_IDE		0x01
#define PCIS_STORAGE_FLOPPY		0x02
#define PCIS_STORAGE_IPI		0x03
#define PCIS_STORAGE_RAID		0x04
#define PCIS_STORAGE_ATA_ADMA		0x05
#define PCIS_STORAGE_SATA		0x06
#define PCIP_STORAGE_SATA_AHCI_1_0	0x01
#define PCIS_STORAGE_SAS		0x07
#define PCIS_STORAGE_NVM		0x08
#define PCIP_STORAGE_NVM_NVMHCI_1_0	0x01
#define PCIP_STORAGE_NVM_ENTERPRISE_NVMHCI_1_0	0x02
#define PCIS_STORAGE_UFS		0x09
#define PCIS_STORAGE_OTHER		0x80

#define PCIC_NETWORK			0x02
#define PCIS_NETWORK_ETHERNET		0x00
#define PCIS_NETWORK_TOKENRING		0x01
#define PCIS_NETWORK_FDDI		0x02
#define PCIS_NETWORK_ATM		0x03
#define PCIS_NETWORK_ISDN		0x04
#define PCIS_NETWORK_WORLDFIP		0x05
#define PCIS_NETWORK_PICMG		0x06
#define PCIS_NETWORK_INFINIBAND		0x07
#define PCIS_NETWORK_HFC		0x08
#define PCIS_NETWORK_OTHER		0x80

#define PCIC_DISPLAY			0x03
#define PCIS_DISPLAY_VGA		0x00
#define PCIS_DISPLAY_XGA		0x01
#define PCIS_DISPLAY_3D			0x02
#define PCIS_DISPLAY_OTHER		0x80

#define PCIC_MULTIMEDIA			0x04
#define PCIS_MULTIMEDIA_VIDEO		0x00
#define PCIS_MULTIMEDIA_AUDIO		0x01
#define PCIS_MULTIMEDIA_TELE		0x02
#define PCIS_MULTIMEDIA_HDA		0x03
#define PCIS_MULTIMEDIA_OTHER		0x80

#define PCIC_MEMORY			0x05
#define PCIS_MEMORY_RAM			0x00
#define PCIS_MEMORY_FLASH		0x01
#define PCIS_MEMORY_OTHER		0x80

#define PCIC_BRIDGE			0x06
#define PCIS_BRIDGE_HOST		0x00
#define PCIS_BRIDGE_ISA			0x01
#define PCIS_BRIDGE_EISA		0x02
#define PCIS_BRIDGE_MCA			0x03
#define PCIS_BRIDGE_PCI			0x04
#define PCIP_BRIDGE_PCI_SUBTRACTIVE	0x01
#define PCIS_BRIDGE_PCMCIA		0x05
#define PCIS_BRIDGE_NUBUS		0x06
#define PCIS_BRIDGE_CARDBUS		0x07
#define PCIS_BRIDGE_RACEWAY		0x08
#define PCIS_BRIDGE_PCI_TRANSPARENT	0x09
#define PCIS_BRIDGE_INFINIBAND		0x0a
#define PCIS_BRIDGE_AS_PCI		0x0b
#define PCIS_BRIDGE_OTHER		0x80

#define PCIC_SIMPLECOMM			0x07
#define PCIS_SIMPLECOMM_UART		0x00
#define PCIS_SIMPLECOMM_PAR		0x01
#define PCIS_SIMPLECOMM_MULSER		0x02
#define PCIS_SIMPLECOMM_MODEM		0x03
#define PCIS_SIMPLECOMM_GPIB		0x04
#define PCIS_SIMPLECOMM_SMART_CARD	0x05
#define PCIS_SIMPLECOMM_OTHER		0x80

#define PCIC_BASEPERIPH			0x08
#define PCIS_BASEPERIPH_PIC		0x00
#define PCIS_BASEPERIPH_DMA		0x01
#define PCIS_BASEPERIPH_TIMER		0x02
#define PCIS_BASEPERIPH_RTC		0x03
#define PCIS_BASEPERIPH_PCIHOT		0x04
#define PCIS_BASEPERIPH_SDHC		0x05
#define PCIS_BASEPERIPH_IOMMU		0x06
#define PCIS_BASEPERIPH_RCEC		0x07
#define PCIS_BASEPERIPH_OTHER		0x80

#define PCIC_INPUTDEV			0x09
#define PCIS_INPUTDEV_KEYBOARD		0x00
#define PCIS_INPUTDEV_DIGITIZER		0x01
#define PCIS_INPUTDEV_MOUSE		0x02
#define PCIS_INPUTDEV_SCANNER		0x03
#define PCIS_INPUTDEV_GAMEPORT		0x04
#define PCIS_INPUTDEV_OTHER		0x80

#define PCIC_DOCKING			0x0a
#define PCIS_DOCKING_GENERIC		0x00
#define PCIS_DOCKING_OTHER		0x80

#define PCIC_PROCESSOR			0x0b
#define PCIS_PROCESSOR_386		0x00
#define PCIS_PROCESSOR_486		0x01
#define PCIS_PROCESSOR_PENTIUM		0x02
#define PCIS_PROCESSOR_ALPHA		0x10
#define PCIS_PROCESSOR_POWERPC		0x20
#define PCIS_PROCESSOR_MIPS		0x30
#define PCIS_PROCESSOR_COPROC		0x40

#define PCIC_SERIALBUS			0x0c
#define PCIS_SERIALBUS_FW		0x00
#define PCIS_SERIALBUS_ACCESS		0x01
#define PCIS_SERIALBUS_SSA		0x02
#define PCIS_SERIALBUS_USB		0x03
#define PCIP_SERIALBUS_USB_UHCI		0x00
#define PCIP_SERIALBUS_USB_OHCI		0x10
#define PCIP_SERIALBUS_USB_EHCI		0x20
#define PCIP_SERIALBUS_USB_XHCI		0x30
#define PCIP_SERIALBUS_USB_DEVICE	0xfe
#define PCIS_SERIALBUS_FC		0x04
#define PCIS_SERIALBUS_SMBUS		0x05
#define PCIS_SERIALBUS_INFINIBAND	0x06
#define PCIS_SERIALBUS_IPMI		0x07
#define PCIS_SERIALBUS_SERCOS		0x08
#define PCIS_SERIALBUS_CANBUS		0x09
#define PCIS_SERIALBUS_MIPI_I3C		0x0a

#define PCIC_WIRELESS			0x0d
#define PCIS_WIRELESS_IRDA		0x00
#define PCIS_WIRELESS_IR		0x01
#define PCIS_WIRELESS_RF		0x10
#define PCIS_WIRELESS_BLUETOOTH		0x11
#define PCIS_WIRELESS_BROADBAND		0x12
#define PCIS_WIRELESS_80211A		0x20
#define PCIS_WIRELESS_80211B		0x21
#define PCIS_WIRELESS_CELL		0x40
#define PCIS_WIRELESS_CELL_E		0x41
#define PCIS_WIRELESS_OTHER		0x80

#define PCIC_INTELLIIO			0x0e
#define PCIS_INTELLIIO_I2O		0x00

#define PCIC_SATCOM			0x0f
#define PCIS_SATCOM_TV			0x01
#define PCIS_SATCOM_AUDIO		0x02
#define PCIS_SATCOM_VOICE		0x03
#define PCIS_SATCOM_DATA		0x04

#define PCIC_CRYPTO			0x10
#define PCIS_CRYPTO_NETCOMP		0x00
#define PCIS_CRYPTO_ENTERTAIN		0x10
#define PCIS_CRYPTO_OTHER		0x80

#define PCIC_DASP			0x11
#define PCIS_DASP_DPIO			0x00
#define PCIS_DASP_PERFCNTRS		0x01
#define PCIS_DASP_COMM_SYNC		0x10
#define PCIS_DASP_MGMT_CARD		0x20
#define PCIS_DASP_OTHER			0x80

#define PCIC_ACCEL			0x12
#define PCIS_ACCEL_PROCESSING		0x00

#define PCIC_INSTRUMENT			0x13

#define PCIC_OTHER			0xff

#endif
