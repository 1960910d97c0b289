"""The members of a definition whose text stays readable: a list with reasons, and all that is not on it is hidden.

Whoever may write to a workspace may have put a secret into any string of it. So a text is shown only where
its member is one of these and it has the form of that member's values. What a URL or another form of secret
hides in it is hidden there too.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from amlmigrate.core.names import GUID

# Below these nothing is readable but the names: maps of the customer's own, and what opens something.
_MAPS = """
    environmentVariables environment_variables metadata credentials keys tags conf sparkConfiguration secrets
    administratorAccount userAccountCredentials scriptArguments deliveryAttributeMappings headers
"""
CLOSED = frozenset(_MAPS.split())


@dataclass(frozen=True, slots=True)
class Readable:
    """Members that stay readable: why, the form of their values, and their names."""

    reason: str
    form: re.Pattern[str]
    members: frozenset[str]

    @classmethod
    def of(cls, reason: str, form: str, members: str) -> Readable:
        """From the names, divided by white space."""
        return cls(reason, re.compile(form, re.IGNORECASE), frozenset(members.split()))


_NAME = r"[\w.@:+ ()-]{1,260}"
_PATH = r"(?:/|azureml:)[^\s?#]+"
_WORD = r"[A-Za-z][\w.:-]{0,63}"
_TIME = r"-?P[\dYMWDTHS.]+|\d{4}-\d\d-\d\d(?:[T ][\d:.]+(?:Z|[+-]\d\d:?\d\d)?)?"
_CRON = r"[\d*/,?LW#-]+(?: [\w*/,?#-]+){4,5}"
_PLACE = rf"{_PATH}|(?:azureml|https?|wasbs?|abfss?|adl|runs|file)://\S+|(?:\*\.)?[a-z0-9-]+(?:\.[a-z0-9-]+)+"

READABLE = (
    Readable.of(
        "ids of Azure: by them things are found, and referred to",
        rf"{_PATH}|{GUID}|{_NAME}",
        """id resourceId computeId componentId environmentId codeId modelId model assetId dataId deploymentId jobId
        sourceJobId preprocessingComponentId serviceResourceId targetResourceUri metricResourceUri scope scopes
        roleDefinitionId principalId objectId tenantId workspaceId storageAccountId eventHubAuthorizationRuleId
        serviceBusRuleId actionGroupId policyDefinitionId createdByWorkspaceArmId compute default_compute
        default_datastore connection entities delegatedManagedIdentityResourceId parentScope paths""",
    ),
    Readable.of(
        "names, by which people and references know an item",
        _NAME,
        """name assetName columnName deploymentName experimentName metricName defaultInstanceType namespace offerId
        publisherId planId subresourceTarget serviceTag workspaceName eventHubName container share account""",
    ),
    Readable.of(
        "names of files with a program in them", r"[\w./ -]{1,200}\.(?:py|sh|r)", "scoringScript entry_script"
    ),
    Readable.of(
        "who made it and changed it, so that somebody can be asked",
        r"[\w.@+' #-]{1,260}",
        "createdBy lastModifiedBy updatedBy",
    ),
    Readable.of(
        "kinds and other words of the service's own, of which each member has a few",
        _WORD,
        """type kind computeType authType authMode actionType triggerType jobType jobInputType job_input_type
        jobOutputType signalType frequency weekDays days day osType vmPriority vmSize instanceType scaleType status
        state provisioningState isolationMode mode stage storeType loggingLevel outputAction referenceType
        endpointComputeType publicNetworkAccess egressPublicNetworkAccess remoteLoginPortPublicAccess
        applicationSharingPolicy sshPublicAccess computeInstanceAuthorizationType computeIdentityType identityType
        createdByType lastModifiedByType protocol action dataType inputDataType dataContext operator
        timeAggregation statistic direction unit level principalType tier size family marketplaceSubscriptionStatus
        contentSafetyStatus deploymentConfigurationType alertNotificationType metric taskType location
        computeLocation category categoryGroup logAnalyticsDestinationType endpointState conditionVersion""",
    ),
    Readable.of(
        "times, periods and the rhythm of a schedule",
        rf"{_TIME}|{_CRON}",
        """createdAt lastModifiedAt createdOn modifiedOn updatedOn startTime endTime timeout requestTimeout
        initialDelay period maxQueueWait nodeIdleTimeBeforeScaleDown idleTimeBeforeShutdown windowSize windowOffset
        timeGrain timeWindow cooldown duration expression evaluationFrequency pollingInterval""",
    ),
    Readable.of("names of time zones, as Windows has them", r"[A-Za-z][\w .()+-]{1,60}", "timeZone"),
    Readable.of(
        "versions, sizes and numbers",
        r"[\d.]+[A-Za-z]{0,2}(?:-preview)?|\d[\d, -]*",
        "runtimeVersion cpu memory portRanges minimum maximum default version capacity",
    ),
    Readable.of(
        "SHA-256 digests, by which a list is the one that was meant", r"[0-9a-f]{64}", "sha256 listing_sha256"
    ),
    Readable.of(
        "places of data and services: without the query and the user of a URL",
        _PLACE,
        "uri path target dataUri destination fqdns registryUri image",
    ),
)
_BY_MEMBER = {name: one for one in READABLE for name in one.members}


def readable(member: str, text: str) -> bool:
    """Whether a text may be shown in a member of that name."""
    found = _BY_MEMBER.get(member)
    return found is not None and found.form.fullmatch(text) is not None


def closed(member: str, value: object, beside: Iterable[str], *, top: bool) -> bool:
    """Whether nothing below a member is readable; `beside` are the members next to it, `top`: of the document."""
    if member in CLOSED:
        return True
    # The free `properties` inside the properties; a compute has its typed ones there (AZ-LIVE-1).
    free = member == "properties" and not top and "computeType" not in set(beside)
    return free and isinstance(value, dict) and _flat(value)


def _flat(value: dict[str, object]) -> bool:
    return all(isinstance(child, str) for child in value.values())
