/**
 * The companies and contacts that a new workspace starts with, so that the first call with a key returns
 * something to look at. All invented: the domains end in `.example`, which nobody can own, and the telephone
 * numbers are from ranges that are set aside for fiction.
 */
export interface SampleCompany {
  name: string
  domain: string
  industry: string
  city: string
  country: string
  employees: number
  contacts: { name: string; email: string; jobTitle: string; phone: string | null }[]
}

/** Name, industry, city, country, employees; then for each contact: name, job title, telephone. */
type Row = [string, string, string, string, number, ...[string, string, string?][]]

// One company a line reads best here.
// prettier-ignore
const rows: Row[] = [
  ['Alder & Finch', 'Architecture', 'Bristol', 'United Kingdom', 42, ['Imogen Hartley', 'Managing Partner', '+44 117 496 0112'], ['Kwame Boateng', 'Project Architect'], ['Rhys Pritchard', 'Office Manager', '+44 117 496 0148']],
  ['Amberline Freight', 'Logistics', 'Rotterdam', 'Netherlands', 610, ['Sanne de Wit', 'Head of Operations'], ['Joost Vermeulen', 'Fleet Planner'], ['Fatima El Idrissi', 'IT Manager']],
  ['Arbutus Dental Group', 'Healthcare', 'Victoria', 'Canada', 85, ['Gordon Leung', 'Practice Director', '+1 250 555 0119'], ['Marie-Claude Roy', 'Patient Services Lead', '+1 250 555 0164'], ['Dev Sandhu', 'Systems Administrator']],
  ['Basalt Outdoor', 'Retail', 'Boulder', 'United States', 230, ['Hannah Whitlock', 'Buyer', '+1 303 555 0137'], ['Miguel Ortega', 'E-commerce Manager', '+1 303 555 0182'], ['Tess Lindgren', 'Warehouse Lead']],
  ['Bluefin Analytics', 'Software', 'Lisbon', 'Portugal', 64, ['Beatriz Carvalho', 'Chief Executive Officer'], ['Tiago Nunes', 'Data Engineer'], ['Inês Figueiredo', 'Customer Success Manager']],
  ['Brightwater Utilities', 'Energy', 'Adelaide', 'Australia', 1450, ['Callum Fraser', 'Grid Manager', '+61 8 5550 1173'], ['Priya Raman', 'Procurement Officer', '+61 8 5550 1108'], ['Jess Nakamura', 'Field Service Coordinator']],
  ['Caldera Ceramics', 'Manufacturing', 'Faenza', 'Italy', 118, ['Lorenzo Bianchi', 'Plant Manager'], ['Giulia Ferraro', 'Export Manager'], ['Matteo Conti', 'Quality Engineer']],
  ['Cedar Row Publishing', 'Media', 'Edinburgh', 'United Kingdom', 57, ['Fiona Mackenzie', 'Editorial Director', '+44 131 496 0105'], ['Oluwaseun Adeyemi', 'Rights Manager', '+44 131 496 0171'], ['Catriona Bell', 'Marketing Executive']],
  ['Cobalt Ridge Mining', 'Mining', 'Perth', 'Australia', 2900, ['Bruce Tennant', 'Safety Director', '+61 8 5550 1146'], ['Mei-Ling Chow', 'Geologist'], ['Aroha Parata', 'Community Relations Manager']],
  ['Copperleaf Credit Union', 'Finance', 'Madison', 'United States', 340, ['Denise Kowalski', 'Branch Operations Manager', '+1 608 555 0123'], ['Andre Jefferson', 'Chief Information Officer', '+1 608 555 0155'], ['Lily Vang', 'Loan Officer']],
  ['Dovetail Joinery', 'Construction', 'Cork', 'Ireland', 29, ['Ciara O’Sullivan', 'Owner'], ['Declan Byrne', 'Site Manager'], ['Aoife Kinsella', 'Accounts Assistant']],
  ['Eastgate Pharma', 'Pharmaceuticals', 'Basel', 'Switzerland', 5200, ['Reto Zimmermann', 'Head of Regulatory Affairs'], ['Chloé Favre', 'Clinical Trial Manager'], ['Anil Mehta', 'Integration Architect']],
  ['Ember & Oak Coffee', 'Food and drink', 'Portland', 'United States', 74, ['Jonah Prescott', 'Head Roaster', '+1 503 555 0141'], ['Camila Reyes', 'Wholesale Manager', '+1 503 555 0190'], ['Noor Haddad', 'Finance Manager']],
  ['Fjordlight Cruises', 'Travel', 'Bergen', 'Norway', 780, ['Ingrid Solberg', 'Booking Manager'], ['Lars Haugen', 'Fleet Captain'], ['Astrid Nygård', 'Digital Product Owner']],
  ['Foxglove Events', 'Events', 'Brighton', 'United Kingdom', 18, ['Poppy Marchetti', 'Event Producer', '+44 1632 960177'], ['Theo Lambert', 'Venue Coordinator'], ['Zara Hussain', 'Account Manager', '+44 1632 960133']],
  ['Granary Row Bakeries', 'Food and drink', 'Lyon', 'France', 156, ['Mathilde Girard', 'Directrice générale'], ['Antoine Lefèvre', 'Supply Chain Manager'], ['Samira Benali', 'Store Manager']],
  ['Greenhollow Farms', 'Agriculture', 'Hamilton', 'New Zealand', 95, ['Wiremu Tamihana', 'Farm Manager'], ['Sophie Clarkson', 'Agronomist'], ['Nikhil Desai', 'Export Coordinator']],
  ['Halcyon Insurance', 'Insurance', 'Hartford', 'United States', 3100, ['Patricia Nolan', 'Claims Director', '+1 860 555 0104'], ['Marcus Bell', 'Underwriter', '+1 860 555 0168'], ['Yuki Tanabe', 'Platform Engineer']],
  ['Harbour & Pike Legal', 'Legal services', 'Halifax', 'Canada', 61, ['Eleanor Pike', 'Senior Partner', '+1 902 555 0126'], ['Simon MacNeil', 'Paralegal'], ['Amara Okafor', 'Office Administrator', '+1 902 555 0159']],
  ['Helix Instruments', 'Scientific equipment', 'Jena', 'Germany', 412, ['Katrin Vogel', 'Head of Sales'], ['Jonas Albrecht', 'Application Scientist'], ['Elif Yıldız', 'Purchasing Manager']],
  ['Ironbark Robotics', 'Robotics', 'Melbourne', 'Australia', 133, ['Declan Murphy', 'Chief Technology Officer', '+61 3 5550 1129'], ['Thuy Nguyen', 'Firmware Engineer'], ['Olivia Grant', 'Partnerships Manager', '+61 3 5550 1184']],
  ['Juniper Street Clinics', 'Healthcare', 'Baltimore', 'United States', 520, ['Renee Washington', 'Medical Director', '+1 410 555 0116'], ['Carlos Benítez', 'Records Manager'], ['Hye-jin Park', 'IT Security Lead', '+1 410 555 0173']],
  ['Kestrel Aerospace', 'Aerospace', 'Toulouse', 'France', 1900, ['Élodie Marchand', 'Programme Manager'], ['Nicolas Rivière', 'Avionics Engineer'], ['Thomas Okonkwo', 'Supplier Quality Manager']],
  ['Kumo Games', 'Games', 'Kyoto', 'Japan', 88, ['Haruka Mori', 'Producer'], ['Kenji Watanabe', 'Backend Lead'], ['Alice Fontaine', 'Localisation Manager']],
  ['Lantern Learning', 'Education', 'Toronto', 'Canada', 145, ['Deborah Klein', 'Chief Learning Officer', '+1 416 555 0131'], ['Farhan Qureshi', 'Product Manager', '+1 416 555 0177'], ['Sabrina Rossi', 'Curriculum Designer']],
  ['Larkspur Cosmetics', 'Cosmetics', 'Milan', 'Italy', 260, ['Chiara Lombardi', 'Brand Director'], ['Federico Sala', 'Laboratory Manager'], ['Nadia Haddou', 'Retail Partnerships Manager']],
  ['Lodestar Navigation', 'Software', 'Tallinn', 'Estonia', 47, ['Kristjan Tamm', 'Founder'], ['Liis Kask', 'Mobile Engineer'], ['Marek Lepik', 'Sales Engineer']],
  ['Mariner Bay Seafood', 'Food and drink', 'St. John’s', 'Canada', 210, ['Calvin Power', 'Processing Manager', '+1 709 555 0148'], ['Geraldine Walsh', 'Export Manager'], ['Binh Tran', 'Cold Chain Supervisor']],
  ['Meridian Rail', 'Transport', 'Vienna', 'Austria', 4300, ['Stefan Gruber', 'Head of Ticketing'], ['Miriam Hofer', 'Timetable Planner'], ['Dragana Petrović', 'Integration Engineer']],
  ['Northquay Brewing', 'Food and drink', 'Hull', 'United Kingdom', 39, ['Graham Ellerby', 'Brewmaster', '+44 1632 960102'], ['Natasha Wren', 'Sales Manager', '+44 1632 960168'], ['Piotr Zielinski', 'Logistics Coordinator']],
  ['Oakhaven Homes', 'Real estate', 'Raleigh', 'United States', 175, ['Tamara Fields', 'Leasing Director', '+1 919 555 0114'], ['Owen Castellano', 'Property Manager', '+1 919 555 0186'], ['Grace Kim', 'Marketing Analyst']],
  ['Orchard Lane Toys', 'Retail', 'Copenhagen', 'Denmark', 68, ['Mette Sørensen', 'Creative Director'], ['Rasmus Holm', 'Web Shop Manager'], ['Leyla Aydin', 'Customer Support Lead']],
  ['Paloverde Solar', 'Energy', 'Tucson', 'United States', 390, ['Rosa Delgado', 'Installation Manager', '+1 520 555 0139'], ['Evan Stokes', 'Field Engineer', '+1 520 555 0171'], ['Harpreet Gill', 'Data Analyst']],
  ['Quillpoint Stationery', 'Retail', 'Leipzig', 'Germany', 51, ['Franziska Baum', 'Geschäftsführerin'], ['Tobias Richter', 'Shop Developer'], ['Ngozi Eze', 'Buyer']],
  ['Redwater Environmental', 'Consulting', 'Calgary', 'Canada', 122, ['Lorne Cardinal', 'Principal Hydrologist', '+1 403 555 0152'], ['Vanessa Choi', 'GIS Specialist'], ['Pascal Tremblay', 'Project Coordinator', '+1 403 555 0108']],
  ['Saltmarsh Hotels', 'Hospitality', 'Norwich', 'United Kingdom', 480, ['Verity Coleman', 'Revenue Manager', '+44 1632 960119'], ['Hugo Ferreira', 'Front Office Manager'], ['Leanne Douglas', 'Group Chef', '+44 1632 960184']],
  ['Silverthread Textiles', 'Manufacturing', 'Porto', 'Portugal', 330, ['Rui Moreira', 'Production Manager'], ['Mafalda Teixeira', 'Sustainability Lead'], ['Omar Siddiqui', 'Key Account Manager']],
  ['Tidewell Diagnostics', 'Healthcare', 'Gothenburg', 'Sweden', 205, ['Elsa Lindqvist', 'Laboratory Director'], ['Viktor Åberg', 'Software Developer'], ['Rania Khoury', 'Clinical Liaison']],
  ['Umbra Security', 'Software', 'Zürich', 'Switzerland', 93, ['Luca Brunner', 'Chief Information Security Officer'], ['Selin Kaya', 'Detection Engineer'], ['Yannick Meier', 'Account Executive']],
  ['Wildrose Veterinary', 'Healthcare', 'Edmonton', 'Canada', 34, ['Heather Lambert', 'Veterinarian', '+1 780 555 0125'], ['Tyler Makokis', 'Clinic Manager', '+1 780 555 0163'], ['Anita Fernandes', 'Reception Lead']],
]

export const sampleCompanies: SampleCompany[] = rows.map(
  ([name, industry, city, country, employees, ...contacts]) => {
    const domain = `${toAscii(name.replace('&', 'and')).replaceAll(' ', '-')}.example`
    return {
      name,
      domain,
      industry,
      city,
      country,
      employees,
      contacts: contacts.map(([person, jobTitle, phone]) => ({
        name: person,
        email: `${toAscii(person).replaceAll(' ', '.')}@${domain}`,
        jobTitle,
        phone: phone ?? null,
      })),
    }
  },
)

/** `Élodie Marchand` as `elodie marchand`: what fits in an address. */
function toAscii(text: string): string {
  return text
    .normalize('NFD')
    .toLowerCase()
    .replaceAll('ø', 'o')
    .replaceAll('ı', 'i')
    .replace(/[^a-z -]/g, '')
}
