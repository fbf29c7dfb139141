const workingList = `# The working list of one program, newest first.
query WorkingList($program: ID!) {
  events(
    program: $program
    scope: {mode: ACCESSIBLE}
    first: 15
  ) {
    nodes {
      id
      status
      occurredAt
      orgUnit { name }
      assignedUser { name }
      cells { column display }
    }
    pageInfo { hasNextPage endCursor }
    total { value relation }
  }
}
`;

const diagnoses = `# Patients and stays by ICD-10 chapter. Small numbers are suppressed.
query Diagnoses {
  diagnoses(
    filter: {period: {from: "2025-01-01", to: "2025-09-30"}}
    level: CHAPTER
  ) {
    rows {
      code
      title
      patients { value suppressed }
      stays { value suppressed }
      averageLengthOfStay
    }
    total {
      patients { value }
      stays { value }
    }
    asOf { id refreshedAt }
  }
}
`;

const start = `# Who I am and what I may see.
query Start {
  me { username }
  programs { id name kind }
  clinics { id name }
}
`;

/** The tabs that a new session opens with. */
export function exampleTabs(program) {
  return [
    { query: workingList, variables: JSON.stringify({ program }, null, 2) },
    { query: diagnoses },
    { query: start },
  ];
}
